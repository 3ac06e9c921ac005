"""What HTTP itself makes us decline, before any resource is asked."""

from collections.abc import Mapping

from domain.shared.refusal import Refusal


class HttpRefusal(Refusal):
    """A request declined for its form; `headers` are added to the answer."""

    headers: Mapping[str, str] = {}


class BadRequest(HttpRefusal):
    """The request is no readable HTTP request."""


class BadQuery(HttpRefusal):
    """Query parameters have values that are not allowed."""

    detail = "Bad query parameters '{}'"


class BadHeader(HttpRefusal):
    """A header has a value that is not allowed."""

    detail = "Bad header '{}'"


class BadContentType(HttpRefusal):
    """The resource does not take a body of this Content-Type."""

    detail = "Bad content type"


class UnsupportedAccept(HttpRefusal):
    """The resource has none of the forms that Accept names."""

    detail = "Bad/incomplete input data"


class BadBody(HttpRefusal):
    """The body is not what the resource expects at this path."""

    detail = "Failed to validate input json. Path: '{}', message: '{}'"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)


class BadApiBody(BadBody):
    """The body is not what the resource expects at this path, as the API service says it."""

    detail = "Failed to validate input json. Path: '{}',  message: '{}'"


class BadPublishedBody(BadBody):
    """The body is not what the resource expects at this path, as the sender service says it."""


class PayloadTooLarge(HttpRefusal):
    """The body is larger than a request may be."""

    detail = "Request payload is too large"


class UrlTooLong(HttpRefusal):
    """The path and the query together are longer than they may be."""

    detail = "The URL has {} bytes, the limit is {}"


class HeadersTooLarge(HttpRefusal):
    """The headers together are larger than they may be."""

    detail = "The headers have {} bytes, the limit is {}"


class PageNotFound(HttpRefusal):
    """There is no resource at this path, or an identifier in it is malformed."""

    detail = "Page not found"


class MethodNotAllowed(HttpRefusal):
    """The resource does not have this method; Allow names those it has."""

    detail = "Method not allowed"

    def __init__(self, allowed: str = "") -> None:
        super().__init__()
        self.headers = {"Allow": allowed} if allowed else {}


class ResourceDisabled(HttpRefusal):
    """The resource is switched off in the settings."""

    detail = "Resource is disabled."


class PositionNotReached(HttpRefusal):
    """The read models have not reached the position the client demands; it may try again."""

    detail = "Position {} is not reached yet, the read models are at {}"
    headers = {"Retry-After": "1"}


class ComponentDown(Refusal):
    """A part the service depends on does not answer."""

    detail = "{}"


class AccountRequired(HttpRefusal):
    """The request needs an account, and Luna-Account-Id is missing or is no UUID."""

    detail = "Luna-Account-Id header is required for requests that change the state of system"


class AccountHeaderDisabled(HttpRefusal):
    """This installation demands a login or a token; Luna-Account-Id alone is not enough."""

    detail = "Authorization with 'Luna-Account-Id' header is disabled"


class WrongCredentials(HttpRefusal):
    """The login is unknown, the password is wrong, or Authorization is unreadable."""

    detail = "Account corresponding login/password not found"
    headers = {"WWW-Authenticate": 'Basic realm="selene", charset="UTF-8", Bearer'}


class TooManyLogins(HttpRefusal):
    """So many passwords are being checked that another one would wait too long."""

    detail = "{} passwords are waiting to be checked"
    headers = {"Retry-After": "2"}


class TokenCorrupted(HttpRefusal):
    """The token is not one of ours, has expired or was withdrawn."""

    detail = "Specified token corrupted"


class PermissionDenied(HttpRefusal):
    """The token does not carry the permission that the request needs."""

    detail = "Request denied due to token restrictions, required '{}' permission for '{}'"
