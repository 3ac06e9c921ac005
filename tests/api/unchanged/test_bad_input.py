"""Bad input is refused by the catalogue with the field at fault, and changes nothing."""

import csv
import struct
import zlib
from collections.abc import Iterator

import httpx
import msgpack
import pytest

from api.http.negotiation import LARGEST_DOCUMENT
from tests.api.belongings import belongings, state_of
from tests.api.files import TYPES, picture
from tests.api.people import refused, some_id
from tests.support.running_api import RunningApi
from tests.support.shared import ROOT

JSON = "application/json"
PNG, TIFF = "image/png", "image/tiff"

with (ROOT / "tests" / "architecture" / "luna_operations.csv").open() as _file:
    SERVED = [
        (row["method"], row["path"])
        for row in csv.DictReader(_file)
        if row["service"] == "api" and row["status"] == "done" and row["method"] != "OPTIONS"
    ]


PATH_IDS = (
    "attribute_id", "event_id", "face_id", "handler_id", "image_id", "list_id", "object_id",
    "sample_id", "token_id", "verifier_id", "task_id", "error_id", "schedule_id", "group_id",
    "stream_id", "analytic_id", "agent_id", "analytic_idx", "intervals_idx",
)  # fmt: skip


WITHOUT_BODIES = (("PATCH", "/6/tasks/{task_id}"), ("POST", "/6/agents/{agent_id}/streams"))


@pytest.fixture
def mine(
    client: httpx.Client, running: RunningApi, elsewhere: dict[str, str]
) -> dict[str, str]:
    """Things of the account, and numbers of other accounts' things, by the names of their ids."""
    return {**belongings(client, running), **elsewhere}


@pytest.fixture(autouse=True)
def _nothing_changes(mine: dict[str, str], running: RunningApi) -> Iterator[None]:
    before = state_of(running)
    yield
    assert state_of(running) == before


def typed(kind: str) -> dict[str, str]:
    """The header that says what a body is."""
    return {"Content-Type": kind}


def chunked(data: bytes) -> Iterator[bytes]:
    """A body sent without its length."""
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("path", "kind", "more_than"),
    [
        ("/6/faces", "application/json", LARGEST_DOCUMENT),
        ("/6/lists", "application/msgpack", LARGEST_DOCUMENT),
        ("/6/images", "image/png", 32 << 20),
        ("/6/objects", "text/plain", 64 << 20),
        ("/6/sdk", "image/jpeg", 64 << 20),
        ("/6/handlers/{handler_id}/events", "image/jpeg", 64 << 20),
    ],
)
def test_bodies_over_the_limit(
    client: httpx.Client, mine: dict[str, str], path: str, kind: str, more_than: int,
    declared: bool,
) -> None:  # fmt: skip
    body = b" " * (more_than + 1)
    answer = client.post(
        path.format(**mine),
        content=body if declared else chunked(body),
        headers=typed(kind),
    )
    assert refused(answer) == (413, 37003)


def chunk(kind: bytes, data: bytes) -> bytes:
    """One part of a PNG file."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png_bomb(side: int, *, holds_it: bool) -> bytes:
    """A square PNG file; with all of its rows, which are far smaller than what they hold."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side + 1)) for _ in range(side if holds_it else 1))
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", rows + packer.flush()), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def tiff_bomb(side: int) -> bytes:
    """A square grey TIFF file that claims to have all of its pixels in eight bytes."""
    tags = ((256, side), (257, side), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1),
            (278, side), (279, side * side % 2**32))  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 16) + bytes(8) + directory


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png_bomb(60_000, holds_it=False), PNG),
        (png_bomb(12_000, holds_it=True), PNG),
        (tiff_bomb(60_000), TIFF),
    ],
    ids=["PNG that claims to be large", "PNG that is large", "TIFF that claims to be large"],
)
def test_decompression_bombs(client: httpx.Client, data: bytes, kind: str) -> None:
    assert len(data) < 1 << 20
    for path, images in (("/6/sdk?detect_face=1", "images_estimations"), ("/6/detector", "images")):
        ((image,),) = [client.post(path, content=data, headers=typed(kind)).json()[images]]
        assert (image["status"], image["error"]["error_code"]) == (0, 90014)
        assert "the limit is 64000000 pixels" in image["error"]["detail"]


@pytest.mark.parametrize("kind", TYPES)
def test_images_cut_short(client: httpx.Client, kind: str) -> None:
    whole = picture(300, 300, kind)
    for kept in (len(whole) // 2, 10, 3):
        answer = client.post("/6/sdk?detect_face=1", content=whole[:kept], headers=typed(kind))
        (image,) = answer.json()["images_estimations"]
        assert image["status"] == 0
        assert image["error"]["error_code"] in (32010, 90012), image
    assert refused(client.post("/6/samples/faces", content=whole[:99], headers=typed(kind))) in (
        (400, 32010),
        (400, 90012),
    )


DEEP = 100_000
BODIES: dict[str, tuple[bytes, str]] = {
    "deep arrays": (b"[" * DEEP + b"]" * DEEP, "depth limit"),
    "deep objects": (b'{"user_data":' * DEEP + b"1" + b"}" * DEEP, "depth limit"),
    "deep and open": (b"[" * DEEP, "depth limit"),
    "less deep": (b'{"lists":' + b"[" * 101 + b"]" * 101 + b"}", "nested deeper than 100 levels"),
    "NaN": (b'{"user_data":NaN}', "Invalid JSON"),
    "Infinity": (b'{"user_data":-Infinity}', "Invalid JSON"),
    "no UTF-8": (b'{"user_data":"\xff"}', "not valid UTF-8"),
    "half a surrogate": (b'{"user_data":"\\ud800"}', "surrogate"),
    "NUL": (b'{"user_data":"a\\u0000"}', "Path: 'user_data'"),
    "NUL in a name": (b'{"a\\u0000":1}', "names must be text without U+0000"),
    "cut short": (b'{"user_data":"', "Invalid JSON"),
    "two values": (b"{}{}", "Invalid JSON"),
    "a list": (b"[]", "value is not a valid object"),
    "a number as text": (b'{"user_data":1}', "Path: 'user_data'"),
    "null": (b'{"user_data":null}', "Path: 'user_data'"),
    "long text": (b'{"user_data":"' + b"x" * 129 + b'"}', "Path: 'user_data'"),
    "unknown field": (b'{"user_date":"x"}', "'user_date' was unexpected"),
}


@pytest.mark.parametrize(("body", "said"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/6/faces"), ("POST", "/6/lists"), ("PATCH", "/6/faces/{face_id}"),
    ("POST", "/6/handlers/{handler_id}/events/raw"),
])  # fmt: skip
def test_unreadable_and_wrong_json(
    client: httpx.Client, mine: dict[str, str], method: str, path: str, body: bytes, said: str
) -> None:
    answer = client.request(method, path.format(**mine), content=body, headers=typed(JSON))
    assert refused(answer) == (400, 12022)
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("body", [
    b"\xc1", b"\x91" * DEEP, b"\x91" * DEEP + b"\x01", msgpack.packb({"user_data": "a\0"}),
    msgpack.packb({"user_data": float("nan")}), b"\x81\xa9user_data\xa1\xff",
    b"\xdd\xff\xff\xff\xff", msgpack.packb({"user_data": msgpack.ExtType(5, b"x")}),
])  # fmt: skip
def test_unreadable_and_wrong_messagepack(client: httpx.Client, body: bytes) -> None:
    for path in ("/6/faces", "/6/lists"):
        answer = client.post(path, content=body, headers=typed("application/msgpack"))
        assert refused(answer) == (400, 12022)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in SERVED
        if method in ("POST", "PUT", "PATCH") and (method, path) not in WITHOUT_BODIES
    ],
)
def test_content_types_that_are_not_taken(
    client: httpx.Client, mine: dict[str, str], method: str, path: str
) -> None:
    asked = path.format(**mine, samples_type="faces")
    for kind in ("video/mp4", "application/json; charset=utf-16", ""):
        answer = client.request(method, asked, content=b"{}", headers=typed(kind))
        assert refused(answer) == (400, 12017), asked


@pytest.mark.parametrize("path", sorted({path for _, path in SERVED}))
def test_methods_that_are_not_there(client: httpx.Client, mine: dict[str, str], path: str) -> None:
    asked = path.format(**mine, samples_type="faces")
    allowed = set(client.options(asked).headers["allow"].split(", "))
    assert allowed >= {method for method, one in SERVED if one == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"} - allowed:
        answer = client.request(method, asked)
        if refused(answer) == (404, 12013):  # "count" is taken for the id of a face that it is not
            assert path.rpartition("/")[2] in ("count", "deleted", "stats", "validator")
            continue
        assert refused(answer) == (405, 12021)
        assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(("method", "path"), SERVED)
def test_ids_that_are_none_and_nul_in_paths(client: httpx.Client, method: str, path: str) -> None:
    for nonsense in ("x", "0" * 32, "%00", "%ff", "..%2f..", some_id()[:-1], "\u0660" * 36):
        asked = path.replace("{samples_type}", "faces")
        if "{" not in asked:
            continue
        asked = asked.format_map(dict.fromkeys(PATH_IDS, nonsense))
        answer = client.request(method, asked)
        assert answer.status_code in (404, 405), asked
        if method != "HEAD":
            assert answer.json()["error_code"] in (12013, 12021)
