"""What subscribers are refused for."""

from collections.abc import Mapping
from typing import ClassVar

from domain.shared.refusal import Refusal


class PositionAhead(Refusal):
    """The position to go on from lies behind the end of the log: it is of another one."""

    detail = "Position {} is not reached yet, the log ends at {}"


class UpgradeRequired(Refusal):
    """The resource is a web socket, and the request does not ask for one."""

    detail = "The resource is a web socket"
    headers: ClassVar[Mapping[str, str]] = {"Upgrade": "websocket", "Connection": "Upgrade"}
