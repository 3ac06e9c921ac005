"""How far this process's read models are, told on every answer and awaited on demand."""

from typing import Protocol

from api.http.refusals import BadHeader, PositionNotReached

_HIGHEST = 2**63 - 1


class Positions(Protocol):
    """The log position that reads reflect."""

    def current(self) -> int:
        """The position reached; called on every answer, so it must not block."""
        ...

    async def wait_for(self, position: int, timeout_s: float) -> bool:
        """Whether the position was reached before the time was up."""
        ...


async def await_position(demanded: bytes, positions: Positions, longest_wait_s: float) -> None:
    """Wait until the read models have reached what Selene-Min-Position demands, or refuse."""
    if not (demanded.isdigit() and int(demanded[:20]) <= _HIGHEST):
        raise BadHeader("Selene-Min-Position")
    position = int(demanded)
    if not await positions.wait_for(position, longest_wait_s):
        raise PositionNotReached(position, positions.current())
