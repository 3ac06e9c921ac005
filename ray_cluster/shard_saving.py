"""Saves one shard in two calls, between which the caller asks the log for its mark."""

import queue
import threading
from collections.abc import Callable
from typing import Final

from inference.matching.match_index import MatchIndex
from inference.matching.snapshots import Snapshots

_MARKED_WITHIN_S: Final = 60.0


class ShardSaving:
    """A thread that writes an index, waits for the mark, and puts what it wrote into place."""

    def __init__(
        self, snapshots: Snapshots, index: MatchIndex, named: Callable[[str], str]
    ) -> None:
        self._snapshots, self._index, self._named = snapshots, index, named
        self._position: queue.Queue[int | None] = queue.Queue()
        self._mark: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._save, daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def position(self) -> int | None:
        """The position of what is written; None where nothing is."""
        return self._position.get()

    def end(self, mark: str) -> None:
        """Put it into place, marked."""
        self._mark.put(mark)
        self._thread.join()

    def _save(self) -> None:
        def mark(position: int) -> str:
            self._position.put(position)
            return self._named(self._mark.get(timeout=_MARKED_WITHIN_S))

        try:
            if self._snapshots.save(self._index, mark) is None:
                self._position.put(None)
        except queue.Empty:  # whoever asked is gone; the next one begins anew
            pass
        except Exception:
            self._position.put(None)
            raise
