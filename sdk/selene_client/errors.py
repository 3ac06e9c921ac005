"""What goes wrong: refusals of the service by status, and a service that does not answer."""

from typing import Any, Final


class SeleneError(Exception):
    """Anything this client raises."""


class Unreachable(SeleneError):
    """No answer came: no connection, a cut one, or too long a wait."""


class ApiError(SeleneError):
    """The service refused a call; `code` says why, `detail` where."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status = status
        self.code = int(body.get("error_code", 0))
        self.desc = str(body.get("desc", ""))
        self.detail = str(body.get("detail", ""))
        self.link = str(body.get("link", ""))
        super().__init__(f"{status} {self.code}: {self.desc}. {self.detail}")


class BadRequest(ApiError):
    """The request is wrong: a parameter, a header or a field of the body (400)."""


class Unauthorized(ApiError):
    """The login or the password is wrong (401)."""


class Forbidden(ApiError):
    """The account is missing, or the token does not permit it (403)."""


class NotFound(ApiError):
    """There is no such thing in the account (404)."""


class Conflict(ApiError):
    """Something of that name is there, or changed meanwhile (409)."""


class Unavailable(ApiError):
    """The service is too busy just now (503)."""


_BY_STATUS: Final = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    503: Unavailable,
}


def error_of(status: int, body: Any) -> ApiError:
    """The error of an answer; `body` is its JSON value, if it has one."""
    return _BY_STATUS.get(status, ApiError)(status, body if isinstance(body, dict) else {})
