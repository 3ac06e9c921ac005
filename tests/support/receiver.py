"""A server that takes callbacks: what it was sent, and what it answers."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.waiting import PATIENCE_S


@dataclass(frozen=True)
class Taken:
    """One request: its path, its headers by lower-case name, its JSON body, if any, as bytes."""

    path: str
    headers: dict[str, str]
    body: Any
    data: bytes = b""


@dataclass
class Receiver:
    """What came so far; the next answers have `statuses`, then 200, each after `delay_s`.

    None is given before `gate` is open.
    """

    statuses: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    gate: threading.Event | None = None
    answer: bytes = b""
    taken: list[Taken] = field(default_factory=list)
    port: int = 0
    most_at_once: int = 0
    _at_once: int = 0
    _came: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        """The address to give to callbacks."""
        return f"http://127.0.0.1:{self.port}/hook"

    def wait(self, count: int, seconds: float = PATIENCE_S) -> list[Taken]:
        """The requests, once so many came."""
        with self._came:
            came = self._came.wait_for(lambda: len(self.taken) >= count, seconds)
            assert came, f"{len(self.taken)} of {count} came in {seconds:g} s"
            return list(self.taken)

    def take(self, one: Taken) -> int:
        """Note a request; the status of the answer."""
        with self._came:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self.delay_s)
        if self.gate is not None:
            assert self.gate.wait(PATIENCE_S)
        with self._came:
            self._at_once -= 1
            self.taken.append(one)
            self._came.notify_all()
            return self.statuses.pop(0) if self.statuses else 200


@contextmanager
def receiver(port: int = 0, **answers: Any) -> Iterator[Receiver]:
    """A receiver that listens until the end of the block."""
    made = Receiver(**answers)

    class _Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = made.take(Taken(self.path, headers, json.loads(body) if body else None, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(made.answer)))
            self.end_headers()
            with contextlib.suppress(OSError):  # nobody has to read it
                self.wfile.write(made.answer)

        do_DELETE = do_POST

        def log_message(self, *_: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, name="receiver")
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
