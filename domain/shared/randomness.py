"""Random bytes of the system, fetched many at a time."""

import os
import threading
from typing import Final

_AT_ONCE: Final = 4096


class _Fetched(threading.local):
    """Random bytes that this thread has fetched and not used yet."""

    data = b""
    used = 0


_fetched = _Fetched()


def random_bytes(count: int) -> bytes:
    """So many bytes, at most 4096, as unpredictable as the system's; never given twice.

    Each read of the system's randomness lets other threads run first, which in a busy process
    takes a hundred times longer than the reading.
    """
    start = _fetched.used
    end = start + count
    if end > len(_fetched.data):
        _fetched.data, start, end = os.urandom(_AT_ONCE), 0, count
    _fetched.used = end
    return _fetched.data[start:end]


def _forget() -> None:
    global _fetched
    _fetched = _Fetched()


os.register_at_fork(after_in_child=_forget)  # or both would go on with the same bytes
