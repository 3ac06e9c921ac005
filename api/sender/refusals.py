"""What subscribers are refused for."""

from domain.shared.refusal import Refusal


class PositionAhead(Refusal):
    """The position to go on from lies behind the end of the log: it is of another one."""

    detail = "Position {} is not reached yet, the log ends at {}"
