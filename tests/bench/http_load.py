"""A plain HTTP/1.1 load generator: prepared requests over kept connections, in one process."""

import asyncio
import time
from collections.abc import Sequence


async def _client(port: int, requests: Sequence[bytes], until: float, done: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while time.perf_counter() < until:
        writer.write(requests[number % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:10] != b"2":
            raise RuntimeError(f"the server answered {head.splitlines()[0].decode()}")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        number += 1
        done[0] += 1
    writer.close()


async def _load(port: int, requests: Sequence[bytes], clients: int, seconds: float) -> float:
    done = [0]
    started = time.perf_counter()
    until = started + seconds
    await asyncio.gather(*(_client(port, requests, until, done) for _ in range(clients)))
    return done[0] / (time.perf_counter() - started)


def load(port: int, requests: Sequence[bytes], *, clients: int = 32, seconds: float = 3) -> float:
    """Answers per second with this many clients, each sending as soon as it was answered."""
    return asyncio.run(_load(port, requests, clients, seconds))


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A whole request as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
