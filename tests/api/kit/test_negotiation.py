"""JSON and MessagePack are told apart by Content-Type and Accept, and both are strict."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.body import DEEPEST, check_value, decoded_json, decoded_msgpack
from api.http.negotiation import LARGEST_DOCUMENT, media_type, preferred
from api.http.refusals import BadBody
from tests.api.kit.toy import AS_ACCOUNT, THING

JSON, MSGPACK = "application/json", "application/msgpack"
BOTH = (JSON, MSGPACK)


async def post(client: httpx.AsyncClient, content: bytes, kind: str | None) -> httpx.Response:
    """Create a thing from these bytes."""
    headers = AS_ACCOUNT if kind is None else {**AS_ACCOUNT, "Content-Type": kind}
    return await client.post("/6/things", content=content, headers=headers)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (MSGPACK, MSGPACK),
        (f"{MSGPACK};q=0.5, {JSON}", JSON),
        (f"{JSON};q=0.5, {MSGPACK};q=0.8", MSGPACK),
        (f"{MSGPACK}, */*", MSGPACK),
        (f"*/*, {MSGPACK}", MSGPACK),
        (f"{JSON}, {MSGPACK}", JSON),
        (f"{MSGPACK}, {JSON}", MSGPACK),
        (f"{JSON};q=0, */*", MSGPACK),
        (f"*/*;q=0.1, {JSON};q=0.05", MSGPACK),
        (f"{MSGPACK};q=0", None),
        ("text/html", None),
        (f" {MSGPACK.upper()} ; Q=1 ", MSGPACK),
        (f"{MSGPACK};q=x", None),
    ],
)
def test_the_best_liked_type_is_chosen(accept: str, wanted: str | None) -> None:
    assert preferred(accept, BOTH) == wanted


@given(st.text(alphabet="*/,;=q01.aplicton jsmgk", max_size=60))
def test_no_accept_header_breaks_the_choice(accept: str) -> None:
    assert preferred(accept, BOTH) in (*BOTH, None)


@given(st.text(max_size=40))
def test_no_content_type_breaks_its_reading(text: str) -> None:
    assert media_type(text) == media_type(text).lower()


@pytest.mark.parametrize("accept", [None, "*/*", JSON, "text/html", "image/*;q=0.2"])
async def test_answers_are_json_unless_msgpack_is_preferred(
    client: httpx.AsyncClient, accept: str | None
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = await client.get(f"/6/things/{THING}", headers=headers)

    assert answer.headers["content-type"] == JSON
    assert answer.json() == {"thing_id": THING}


@pytest.mark.parametrize("accept", [MSGPACK, "application/x-msgpack"])
async def test_answers_are_msgpack_where_it_is_preferred(
    client: httpx.AsyncClient, accept: str
) -> None:
    answer = await client.get(f"/6/things/{THING}", headers={"Accept": accept})

    assert answer.headers["content-type"] == accept
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["luna-request-id"]
    assert msgpack.unpackb(answer.content) == {"thing_id": THING}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/6/nothing", 12013),
        ("/6/things?page=0", 12012),
        ("/6/things/raw", 12021),
        ("/6/things/refused/known", 90034),
        ("/6/things/broken/now", 1),
    ],
)
async def test_errors_are_written_as_results_are(
    client: httpx.AsyncClient, path: str, code: int
) -> None:
    plain = await client.get(path)
    packed = await client.get(path, headers={"Accept": MSGPACK})

    assert packed.headers["content-type"] == MSGPACK
    assert packed.status_code == plain.status_code
    assert msgpack.unpackb(packed.content) == plain.json()
    assert plain.json()["error_code"] == code


async def test_both_forms_carry_the_same_body(client: httpx.AsyncClient) -> None:
    thing = {"user_data": "Änn", "parts": [{"size": 1}], "meta": {"a": [1.5, None, True]}}

    as_json = await post(client, json.dumps(thing).encode(), f"{JSON}; charset=UTF-8")
    as_msgpack = await post(client, msgpack.packb(thing), MSGPACK)

    assert as_json.status_code == as_msgpack.status_code == 201
    assert as_json.json() == as_msgpack.json()
    assert as_json.json()["thing"]["meta"] == thing["meta"]


async def test_times_are_shown_in_utc_however_they_came(client: httpx.AsyncClient) -> None:
    moment = datetime(2018, 8, 11, 9, 11, 41, 674000, tzinfo=UTC)
    written = {"user_data": "", "time": "2018-08-11T12:11:41.674+03:00"}

    as_json = await post(client, json.dumps(written).encode(), JSON)
    as_msgpack = await post(
        client, msgpack.packb({"user_data": "", "time": moment}, datetime=True), MSGPACK
    )

    assert as_json.json()["thing"]["time"] == "2018-08-11T09:11:41.674000Z"
    assert as_msgpack.json() == as_json.json()


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/xml", f"{JSON}; charset=utf-16", "json", "image/png"]
)
async def test_other_content_types_are_refused(client: httpx.AsyncClient, kind: str | None) -> None:
    answer = await post(client, b'{"user_data": "a"}', kind)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 12017)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"nonsense",
        b'{"user_data": NaN}',
        b'{"user_data": "a", "meta": Infinity}',
        b'{"user_data": "\xff"}',
        b'{"user_data": "\\ud800"}',
        b'{"user_data": "a"} {}',
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"user_data": "a", "meta": ' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
async def test_bad_json_is_refused_by_name(client: httpx.AsyncClient, raw: bytes) -> None:
    answer = await post(client, raw, JSON)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 12022)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xc1",
        b"\x81",
        b"\x81\xa1a",
        b"\x81\x01\x02",
        b"\x91" * 100_000,
        b"\x91" * 300 + b"\xc0",
        b"\xa2\xff\xfe",
        msgpack.packb({"user_data": "a", "meta": float("nan")}),
        msgpack.packb({"user_data": "a", "meta": msgpack.ExtType(5, b"x")}),
        msgpack.packb({"user_data": "a"}) * 2,
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ],
)
async def test_bad_msgpack_is_refused_by_name(client: httpx.AsyncClient, raw: bytes) -> None:
    answer = await post(client, raw, MSGPACK)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 12022)


async def test_of_equal_names_the_last_counts(client: httpx.AsyncClient) -> None:
    answer = await post(client, b'{"user_data": "a", "user_data": "b"}', JSON)
    assert answer.json()["thing"]["user_data"] == "b"


async def test_a_document_has_a_smaller_limit_than_images(client: httpx.AsyncClient) -> None:
    answer = await post(client, b" " * (LARGEST_DOCUMENT + 1), JSON)
    assert (answer.status_code, answer.json()["error_code"]) == (413, 37003)


async def test_forms_need_a_form_content_type(client: httpx.AsyncClient) -> None:
    sent = await client.post("/6/things/upload", files={"file": b"1234"})
    wrong = await client.post("/6/things/upload", content=b"1234", headers={"Content-Type": JSON})
    missing = await client.post("/6/things/upload", files={"other": b"1234"})

    assert sent.json() == {"bytes": 4}
    assert wrong.json()["error_code"] == 12017
    assert missing.json()["detail"].startswith("Failed to validate input json. Path: 'file'")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert decoded_json(json.dumps(value).encode()) == value
    assert decoded_msgpack(msgpack.packb(value)) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for decode in (decoded_json, decoded_msgpack):
        with suppress(BadBody):
            check_value(decode(raw))


def test_nesting_is_allowed_up_to_the_limit() -> None:
    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    decoded_json(nested(DEEPEST))
    with pytest.raises(BadBody, match="deeper"):
        decoded_json(nested(DEEPEST + 1))
