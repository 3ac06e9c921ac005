"""Logs of streams: what of them was cleared."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from domain.shared.owned import Owned

EVERYBODY: Final = UUID(int=0)
"""Stands for all accounts at once."""

_NAMES: Final = UUID("5a0a9b3e-7a0e-4d0a-9c55-2f9e3a1f6f1d")


class StreamLogs(Owned):
    """The logs of the streams of one account, or of `EVERYBODY`."""

    TOPIC = "stream_logs"

    class Created(Owned.Created):
        """Logs are going to be cleared for the first time."""

        TOPIC = "stream_logs.created"

    class Cleared(Aggregate.Event):
        """Records older than this were cleared, all but the last one of each stream."""

        TOPIC = "stream_logs.cleared"
        account_id: UUID
        before: datetime

    class Deleted(Owned.Deleted):
        """Never happens: logs end with the installation."""

        TOPIC = "stream_logs.deleted"

    @event(Created)
    def __init__(self, account_id: UUID) -> None:
        super().__init__(account_id)

    def clear(self, before: datetime) -> None:
        """Forget records older than this."""
        self.trigger_event(self.Cleared, account_id=self.account_id, before=before)


def logs_id(account_id: UUID) -> UUID:
    """The id of an account's logs."""
    return uuid5(_NAMES, str(account_id))
