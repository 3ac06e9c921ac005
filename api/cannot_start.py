"""The one exception of everything that happens before the first request is served."""


class CannotStart(Exception):
    """Selene cannot start here; the message says why and what to change."""
