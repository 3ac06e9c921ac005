"""Runs stream jobs in processes of their own, so that a broken video harms nobody else."""

import contextlib
import multiprocessing
import resource
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any, Final

from ray_cluster.film_jobs import FilmJob
from ray_cluster.stream_jobs import Ended, Message, StreamJob

_CONTEXT: Final = multiprocessing.get_context("forkserver")
_GRACE_S: Final = 5.0
_PRELOADED: Final = (
    "ray_cluster.stream_worker",
    "ray_cluster.film_worker",
    "av",
    "supervision",
    "trackers",
)
"""What the fork server imports once, so that no stream waits for it: two seconds of work."""


def _child(job: StreamJob | FilmJob, out: Connection, stop: Any, watched: Any) -> None:
    """What the process does; the modules are there already, since the fork server has them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    if job.memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, job.memory_bytes))
    from ray_cluster.film_worker import analyse
    from ray_cluster.stream_worker import process

    try:
        if isinstance(job, FilmJob):
            analyse(job, out.send, stop.is_set)
        else:
            process(job, out.send, stop.is_set, watched.is_set)
    except MemoryError:
        out.send(Ended("the worker ran out of memory"))
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    finally:
        out.close()


class StreamProcess:
    """One running job; `messages` come in order and end with `Ended`, whatever happens."""

    def __init__(self, job: StreamJob | FilmJob) -> None:
        _CONTEXT.set_forkserver_preload(list(_PRELOADED))
        self._in, out = _CONTEXT.Pipe(duplex=False)
        self._stop, self._watched = _CONTEXT.Event(), _CONTEXT.Event()
        parts = job, out, self._stop, self._watched
        self._process = _CONTEXT.Process(target=_child, args=parts, daemon=True)
        self._lock = threading.Lock()
        self._process.start()
        out.close()
        self._ended = False

    @property
    def pid(self) -> int | None:
        """The process, for those who watch it."""
        return self._process.pid

    def next(self, timeout_s: float) -> Message | None:
        """The next message; None when there is none within the time.

        A process that dies without a word has ended with an error.
        """
        if self._ended:
            return None
        try:
            if not self._in.poll(timeout_s):
                return None
            message: Message = self._in.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE_S)
            message = Ended(f"the worker ended by itself (status {self._process.exitcode})")
        if isinstance(message, Ended):
            self._ended = True
        return message

    def watch(self, watched: bool) -> None:
        """Tell the worker whether somebody watches, so that every look makes a picture."""
        if watched != self._watched.is_set():
            (self._watched.set if watched else self._watched.clear)()

    def stop(self) -> None:
        """Ask the worker to end what it has begun and to stop."""
        self._stop.set()

    def close(self) -> None:
        """Wait for a moment, then end the process in any case."""
        with self._lock:
            self._stop.set()
            self._process.join(_GRACE_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join(_GRACE_S)
            with contextlib.suppress(OSError):
                self._in.close()
