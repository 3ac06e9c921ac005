"""The notification policy: whose events are sent to subscribers."""

from domain.policies.filters import EVERYBODY, PolicyFilters
from domain.shared.fields import Flag, Record


class NotificationPolicy(Record):
    """Whether events are sent to websocket subscribers."""

    send_notification: Flag = 1
    filters: PolicyFilters = EVERYBODY
