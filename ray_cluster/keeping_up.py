"""The thread that keeps the graphs of an index up to date."""

import threading
from typing import Final

import structlog

from inference.matching.match_index import MatchIndex

log = structlog.get_logger("selene.index")

_LOOK_S: Final = 0.2


class KeepingUp:
    """Does what `MatchIndex.keep_up` finds to do, until it is stopped."""

    def __init__(self, index: MatchIndex) -> None:
        self._index, self._stop = index, threading.Event()
        self._thread = threading.Thread(target=self._run, name="index-graphs", daemon=True)
        if index.approximate_from is not None:
            self._thread.start()

    def stop(self) -> None:
        """End the thread, before the index."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if self._index.keep_up():
                    continue
            except Exception:  # searches are exact, or by what the graphs were
                log.exception("large lists cannot be kept up to date, trying again")
            self._stop.wait(_LOOK_S)
