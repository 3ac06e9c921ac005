"""How much work may wait for the networks, and how long it would."""

import math
import threading
from typing import Final

from domain.shared.image_refusals import ModelsBusy

MOST_WAITING: Final = 256
"""Images that may wait in one process."""

_MAX_RETRY_AFTER_S: Final = 60


class Admission:
    """Counts waiting images, and refuses what would wait too long; threads may share it.

    One request may always enter an empty queue, however large it is.
    """

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._seconds_per_item = 0.1
        self.waiting = 0

    def admit(self, size: int, workers: int) -> None:
        """Take so many images in, or say when to come back (`ModelsBusy`)."""
        with self._lock:
            if self.waiting and self.waiting + size > self._most:
                wait = self.waiting * self._seconds_per_item / max(workers, 1)
                raise ModelsBusy(min(max(math.ceil(wait), 1), _MAX_RETRY_AFTER_S))
            self.waiting += size

    def leave(self, size: int) -> None:
        """So many images wait no longer."""
        with self._lock:
            self.waiting -= size

    def took(self, seconds: float, size: int) -> None:
        """Learn how long so many images kept one worker."""
        with self._lock:
            self._seconds_per_item += 0.1 * (seconds / max(size, 1) - self._seconds_per_item)
