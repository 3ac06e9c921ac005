"""Announcements of events that are not stored: they stay until their subscribers had time."""

from projections.database import Reader

_EXPIRED = "DELETE FROM announcements WHERE create_time < now() - %s * interval '1 second'"


def forget_announcements(reader: Reader, *, age_s: float) -> None:
    """Remove announcements of a certain age from the database."""
    reader.execute(_EXPIRED, [age_s])
