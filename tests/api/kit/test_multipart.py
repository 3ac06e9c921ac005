"""Multipart bodies are taken apart as they were put together."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.multipart import Part, parts_of
from api.http.refusals import BadBody

KIND = "multipart/form-data; boundary=LINE"
NAMES = st.text(st.sampled_from("abcäß 1_-"), min_size=1, max_size=8).map(str.strip).filter(bool)
CONTENT = st.binary(max_size=40) | st.sampled_from([b"\r\n", b"--", b"\r\n--", b"\r\n--LIN", b""])


@given(st.lists(st.tuples(NAMES, NAMES, CONTENT), max_size=5))
def test_what_a_client_puts_together_is_taken_apart(sent: list[tuple[str, str, bytes]]) -> None:
    files = [(name, (filename, data, "image/jpeg")) for name, filename, data in sent]
    request = httpx.Request(
        "POST", "http://toy", files=files or [("x", ("x", b""))], headers={"Content-Type": KIND}
    )
    found = parts_of(request.read(), request.headers["content-type"], most=5)

    if files:
        assert found == [Part(name, filename, "image/jpeg", data) for name, filename, data in sent]


def test_parts_keep_their_types_and_need_no_file_name() -> None:
    body = (
        b"preamble\r\n--LINE  \r\nContent-Disposition: form-data; name=policies\r\n"
        b"CONTENT-TYPE: Application/JSON; charset=utf-8\r\n\r\n{}\r\n"
        b'--LINE\r\ncontent-disposition: form-data; name="image"\r\n\r\n\xff\xd8\r\n--LINE--\r\nend'
    )
    assert parts_of(body, KIND, most=2) == [
        Part("policies", None, "application/json", b"{}"),
        Part("image", None, "", b"\xff\xd8"),
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--LINE--"),
        ("multipart/form-data; boundary=", b"--LINE--"),
        (f"multipart/form-data; boundary={'x' * 300}", b"--LINE--"),
        (KIND, b""),
        (KIND, b"nothing here"),
        (KIND, b"--LINE"),
        (KIND, b"--LINE\r\n"),
        (KIND, b"--LINE\r\nA: b\r\n\r\nc\r\n--LINE--"),
        (KIND, b"--LINEX\r\nContent-Disposition: form-data; name=a\r\n\r\nc\r\n--LINE--"),
        (KIND, b"--LINE\r\nContent-Disposition: form-data; name=a\r\n\r\nc\r\n"),
        (KIND, b"--LINE\r\nContent-Disposition: form-data; name=a\r\n--LINE--"),
        (KIND, b"--LINE\r\n" + b"A: b\r\n" * 2000 + b"\r\nc\r\n--LINE--"),
    ],
)
def test_bodies_that_are_not_well_formed_are_refused(kind: str, body: bytes) -> None:
    with pytest.raises(BadBody):
        parts_of(body, kind, most=3)


def test_there_may_be_only_so_many_parts() -> None:
    part = b"--LINE\r\nContent-Disposition: form-data; name=a\r\n\r\nc\r\n"
    assert len(parts_of(part * 3 + b"--LINE--", KIND, most=3)) == 3
    with pytest.raises(BadBody, match="more than 3 parts"):
        parts_of(part * 4 + b"--LINE--", KIND, most=3)


@given(st.lists(st.sampled_from([b"--LINE", b"\r\n", b"--", b"Content-Disposition: form-data",
                                 b"; name=a", b"x", b"\xff", b":"]), max_size=30))  # fmt: skip
def test_any_body_is_taken_apart_or_refused(pieces: list[bytes]) -> None:
    try:
        found = parts_of(b"".join(pieces), KIND, most=30)
    except BadBody:
        return
    assert all(part.name for part in found)
