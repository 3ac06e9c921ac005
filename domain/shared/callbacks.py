"""Callbacks: addresses that are sent a POST request when something has happened."""

import hmac
from base64 import b64encode
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator

from domain.shared.fields import Absent, Flag, Record, Text

MOST_CALLBACKS: Final = 10
LONGEST_TIMEOUT_S: Final = 60

_OWN_HEADERS: Final = frozenset(
    {
        *("host", "content-length", "content-type", "transfer-encoding", "connection"),
        *("authorization", "luna-request-id", "selene-delivery", "selene-signature"),
        "accept-encoding",
    }
)
_HeaderName = Annotated[
    str, Field(strict=True, max_length=128, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
]
_HeaderValue = Annotated[str, Field(strict=True, max_length=1024, pattern=r"^[\t\x20-\x7e]*$")]


class BasicAuthorization(Record):
    """The login and password that a callback is sent with."""

    type: Literal["basic"] = "basic"
    login: Annotated[str, Field(strict=True, max_length=128, pattern=r"^[^:\x00]*$")]
    password: Annotated[Text, Field(max_length=128)]


class CallbackParams(Record):
    """How a callback is sent: how long an answer is waited for (s), and which headers it has."""

    timeout: Annotated[int, Field(strict=True, ge=1, le=LONGEST_TIMEOUT_S)] = LONGEST_TIMEOUT_S
    content_type: Literal["application/json"] = "application/json"
    headers: Absent[Annotated[dict[_HeaderName, _HeaderValue], Field(max_length=20)]] = None

    @field_validator("headers")
    @classmethod
    def _not_ours(cls, given: dict[str, str]) -> dict[str, str]:
        for name in given:
            if name.lower() in _OWN_HEADERS:
                raise ValueError(f"header '{name}' is set by the sender")
        return given


class HttpCallback(Record):
    """An address that is sent a POST request."""

    type: Literal["http"]
    url: Annotated[
        str,
        Field(
            strict=True,
            max_length=2048,
            pattern=r"^https?://[^\s/\x00-\x20][^\s\x00-\x20]*$",
            examples=["https://example.org/callback"],
        ),
    ]
    authorization: Absent[BasicAuthorization] = None
    params: CallbackParams = CallbackParams()
    enable: Flag = 1

    @property
    def headers(self) -> dict[str, str]:
        """The headers that requests are sent with."""
        said = dict(self.params.headers or {})
        said["Content-Type"] = self.params.content_type
        if (who := self.authorization) is not None:
            text = b64encode(f"{who.login}:{who.password}".encode()).decode()
            said["Authorization"] = f"Basic {text}"
        return said


class SignedCallback(HttpCallback):
    """The same with a secret, which messages are signed with."""

    secret: Absent[Annotated[Text, Field(min_length=8, max_length=256)]] = None

    def signed(self, delivery_id: str, message: bytes) -> dict[str, str]:
        """The header that proves who sent the message: an HMAC-SHA256 of its id and its bytes."""
        if self.secret is None:
            return {}
        said = delivery_id.encode() + b"." + message
        proof = hmac.digest(self.secret.encode(), said, "sha256").hex()
        return {"Selene-Signature": f"sha256={proof}"}
