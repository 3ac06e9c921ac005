"""multipart/form-data taken apart in memory, with the type of every part kept."""

from dataclasses import dataclass
from typing import Final

from python_multipart.multipart import parse_options_header

from api.http.refusals import BadBody

_LONGEST_HEAD: Final = 8 << 10
_LONGEST_BOUNDARY: Final = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its field, the file name if it has one, its type in lower case, its bytes."""

    name: str
    filename: str | None
    content_type: str
    data: bytes


def parts_of(body: bytes, content_type: str, most: int) -> list[Part]:
    """The parts in order; a body that is not well formed, or has more than `most`, is refused."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise BadBody("", "multipart body without a boundary")
    delimiter = b"--" + boundary
    if body.startswith(delimiter):
        at = len(delimiter)
    else:  # a preamble is allowed and means nothing
        found = body.find(b"\r\n" + delimiter)
        if found < 0:
            raise BadBody("", "multipart body without its boundary")
        at = found + 2 + len(delimiter)
    parts: list[Part] = []
    while not body.startswith(b"--", at):
        start = body.find(b"\r\n", at)
        end = body.find(b"\r\n" + delimiter, start)
        if start < 0 or end < 0 or body[at:start].strip(b" \t"):
            raise BadBody("", "multipart body is cut short")
        if len(parts) == most:
            raise BadBody("", f"multipart body has more than {most} parts")
        parts.append(_part(body, start + 2, end))
        at = end + 2 + len(delimiter)
    return parts


def _part(body: bytes, start: int, end: int) -> Part:
    """The part whose first header is at `start` and whose data end at `end`."""
    head_end = body.find(b"\r\n\r\n", start, end)
    if head_end < 0 or head_end - start > _LONGEST_HEAD:
        raise BadBody("", "part of a multipart body without headers")
    headers: dict[bytes, bytes] = {}
    for line in body[start:head_end].split(b"\r\n"):
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip()
    _, options = parse_options_header(headers.get(b"content-disposition", b""))
    if b"name" not in options:
        raise BadBody("", "part of a multipart body without a name")
    filename = options.get(b"filename")
    kind, _ = parse_options_header(headers.get(b"content-type", b""))
    return Part(
        _text(options[b"name"]),
        None if filename is None else _text(filename),
        _text(kind).lower(),
        body[head_end + 4 : end],
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:256]
