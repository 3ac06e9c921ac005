"""Every read operation over HTTP under many clients: how long an answer takes."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
import psycopg

from tests.api.files import KINDS
from tests.api.people import BASIC, new_attribute
from tests.api.streaming import body_v2
from tests.bench.http import ACCOUNT, serving
from tests.bench.http_load import request
from tests.support.log import KEY

CLIENTS, SECONDS = 64, 2.0
_HEADERS = {"Luna-Account-Id": ACCOUNT, "Content-Type": "application/json"}


def http_figures(dsn: str, directory: str, rows: int) -> str:
    """A Markdown table: answers per second, median and 99th percentile of each operation."""
    (Path(directory) / "master.key").write_bytes(KEY)
    lines = ["| operation, 64 clients | 1/s | p50 ms | p99 ms |", "|---|---:|---:|---:|"]
    with serving(dsn, directory) as port:
        for what, asked in (*_operations(dsn, rows), *_of_what_is_made(port)):
            times = asyncio.run(_latencies(port, asked))
            p50, p99 = (1000 * times[int(len(times) * part)] for part in (0.5, 0.99))
            lines.append(f"| {what} | {len(times) / SECONDS:,.0f} | {p50:.1f} | {p99:.1f} |")
    return "\n".join(lines)


def _operations(dsn: str, rows: int) -> Iterator[tuple[str, bytes]]:
    with psycopg.connect(dsn) as connection:
        ids = [
            connection.execute(f"SELECT {key} FROM {table} LIMIT 1").fetchone() or ("",)
            for table, key in (
                ("faces", "face_id"), ("lists", "list_id"), ("events", "event_id"),
                ("general_events", "event_id"),
            )
        ]  # fmt: skip
    (face_id,), (list_id,), (event_id,), (general_id,) = ids
    many = "&".join(
        f"{name}={value}"
        for name, value in {
            "user_data": "nobody", "source": "", "age__gte": 5, "age__lt": 90, "gender": 1,
            "emotions": "1,2,3", "cities": "Town", "tags": "staff", "event_ids": event_id,
            "handler_ids": face_id, "create_time__gte": "2026-01-01T00:00:00Z",
        }.items()
        if name != "source"
    )  # fmt: skip
    for path in (
        f"/6/faces/{face_id}", f"/6/faces/{face_id}/attributes", "/6/faces",
        "/6/faces?page_size=100", f"/6/faces?page_size=100&page={rows // 100}",
        f"/6/faces?list_id={list_id}", "/6/faces/count", f"/6/faces/count?list_id={list_id}",
        "/6/faces/attributes/count", "/6/lists", "/6/lists/count", f"/6/lists/{list_id}",
        f"/6/events/{event_id}", "/6/events", "/6/events?page_size=100",
        f"/6/events?page_size=100&page={rows // 100}", f"/6/events?event_ids={event_id}",
        f"/6/events?{many}", "/6/events/deleted", "/6/handlers", "/6/handlers/count",
        "/6/verifiers", "/6/verifiers/count", "/6/tokens", "/6/accounts",
        "/6/tasks", "/6/tasks/count", "/6/tasks/errors", "/6/tasks/errors/count",
        "/6/tasks/schedules", "/6/features", f"/6/lists?page_size=100&page={rows // 100}",
        f"/6/general_events/{general_id}", "/6/general_events?page_size=100",
        f"/6/general_events?page_size=100&page={rows // 100}", "/6/general_events/deleted",
        "/6/general_events/descriptors",
    ):  # fmt: skip
        shown = path
        for given in (face_id, list_id, event_id, general_id):
            shown = shown.replace(str(given), "…")
        yield f"GET {shown}", request("GET", path, _HEADERS)
    stats = b'{"targets": [{"column": "event_id", "aggregator": "count"}]}'
    for kind in ("events", "general_events"):
        path = f"/6/{kind}/stats"
        yield f"POST {path}, a count", request("POST", path, _HEADERS, stats)


def _of_what_is_made(port: int) -> Iterator[tuple[str, bytes]]:
    """Reads of things that are made for them: attributes, files, streams."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=_HEADERS) as client:
        ids = {
            "attribute_id": new_attribute(client, ttl=86_400, basic_attributes=BASIC),
            **{f"{name}_id": kind.make(client) for name, kind in KINDS.items()},
        }
        for number in range(20):
            stream = body_v2(UUID(ACCOUNT), name=f"gate {number}", status="pause")
            made = client.post("/streams/2/streams", json=stream)
            ids["stream_id"] = made.raise_for_status().json()["stream_id"]
    for path in (
        "/6/attributes?attribute_ids={attribute_id}", "/6/attributes/{attribute_id}",
        "/6/attributes/{attribute_id}/samples", "/6/images/{image_id}", "/6/objects/{object_id}",
        "/6/samples/faces/{face_id}", "/6/samples/bodies/{body_id}",
        "/6/schedules", "/6/groups", "/6/analytics", "/streams/1/streams", "/streams/2/streams",
        "/streams/2/streams/count", "/streams/2/streams/{stream_id}", "/streams/2/streams/logs",
    ):  # fmt: skip
        yield f"GET {path}", request("GET", path.format_map(ids), _HEADERS)


async def _latencies(port: int, asked: bytes) -> list[float]:
    """Seconds of every answer, in order of their length."""
    found: list[float] = []
    until = time.perf_counter() + SECONDS

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (started := time.perf_counter()) < until:
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:10] != b"2":
                raise RuntimeError(f"{asked.splitlines()[0]!r}: {head.splitlines()[0]!r}")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            found.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return sorted(found)
