"""Many rows at once: COPY in its binary form, made column by column at a fraction of the price."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice, repeat
from operator import is_
from struct import Struct
from typing import Any, Final, TypeVar

import orjson
import psycopg
from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.sql import SQL, Identifier

T = TypeVar("T")

MANY: Final = 200
"""From so many rows on a COPY pays for its round trips; it cannot be part of a pipeline."""

_CHUNK: Final = 125
"""So many rows are made and sent at once."""

Cells = Callable[[Sequence[Any]], list[bytes]]
"""The values of one column as COPY takes them, each behind its length."""

_RULE: Final = re.compile(r" (NOT NULL|PRIMARY KEY|DEFAULT|COLLATE)\b.*")
_START: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_NULL: Final = b"\xff\xff\xff\xff"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_size: Final = Struct(">i").pack
_dumps: Final = orjson.dumps


class Copying:
    """COPY into a table; `columns` maps names to SQL types, rules such as NOT NULL included."""

    def __init__(self, table: str, columns: Mapping[str, str]) -> None:
        self._cells = [_cells_of(_RULE.sub("", kind)) for kind in columns.values()]
        self._count = Struct(">h").pack(len(columns))
        self._statement = (
            SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)")
            .format(Identifier(table), SQL(", ").join(map(Identifier, columns)))
            .as_bytes()
        )

    def write(self, connection: Connection[Any], rows: Iterable[Sequence[Any]]) -> None:
        """Add rows, their values in the order of the columns; they may be made as they go."""
        chunks = (list(zip(*chunk, strict=True)) for chunk in in_chunks(rows))
        self.send(connection, self.blocks(chunks))

    def blocks(self, chunks: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
        """Rows as they are sent; each chunk is all values of each column, in their order."""
        return (self._block(columns) for columns in chunks if columns)

    def send(self, connection: Connection[Any], blocks: Iterable[bytes]) -> None:
        """Add rows that are blocks already, or become them as they go."""
        with connection.cursor().copy(self._statement) as copy:
            copy.write(_START)
            for block in blocks:
                copy.write(block)
            copy.write(_END)

    def _block(self, columns: Sequence[Sequence[Any]]) -> bytes:
        count = len(columns[0])
        cells = [
            cells_of(values[:1]) * count if _is_one(values) else cells_of(values)
            for cells_of, values in zip(self._cells, columns, strict=True)
        ]
        rowwise = zip(repeat(self._count, count), *cells, strict=True)
        return b"".join(chain.from_iterable(rowwise))


def _is_one(values: Sequence[Any]) -> bool:
    """Whether all values are one object."""
    first = values[0]
    return first is values[-1] and all(map(is_, values, repeat(first)))


def in_chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """The items, some at a time: while some are sent and stored, the next can be made."""
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _cells_of(kind: str) -> Cells:
    if kind not in _KINDS:
        raise ValueError(f"columns of type {kind} cannot be copied yet")
    return _KINDS[kind]


def _packed(form: str) -> Cells:
    """Numbers of a fixed size."""
    whole = Struct(">i" + form)
    pack, size = whole.pack, whole.size - 4
    return lambda values: [_NULL if v is None else pack(size, v) for v in values]


def _uuids(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if v is None else b"\0\0\0\x10" + v.bytes for v in values]


def _texts(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if v is None else _size(len(b := v.encode())) + b for v in values]


def _bytes(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if v is None else _size(len(v)) + v for v in values]


def _jsons(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if v is None else _size(len(b := _dumps(v))) + b for v in values]


def _jsonbs(values: Sequence[Any]) -> list[bytes]:
    return [_NULL if v is None else _size(len(b := _dumps(v)) + 1) + b"\1" + b for v in values]


_time: Final = Struct(">iq").pack


def _times(values: Sequence[Any]) -> list[bytes]:
    """Microseconds since the year 2000."""
    return [
        _NULL
        if v is None
        else _time(8, ((d := v - _EPOCH).days * 86_400 + d.seconds) * 1_000_000 + d.microseconds)
        for v in values
    ]


_header: Final = Struct(">iiiii").pack


def _arrays(oid: int, of_items: Cells) -> Cells:
    """Lists of values whose type has this number in Postgres."""
    empty = Struct(">iiii").pack(12, 0, 0, oid)

    def array(items: Sequence[Any]) -> bytes:
        cells = of_items(items)
        inner = b"".join(cells)
        return _size(20 + len(inner)) + _header(1, _NULL in cells, oid, len(items), 1) + inner

    return lambda values: [_NULL if v is None else array(v) if v else empty for v in values]


_KINDS: Final[Mapping[str, Cells]] = {
    "uuid": _uuids,
    "text": _texts,
    "bytea": _bytes,
    "json": _jsons,
    "jsonb": _jsonbs,
    "timestamptz": _times,
    "boolean": _packed("?"),
    "smallint": _packed("h"),
    "integer": _packed("i"),
    "bigint": _packed("q"),
    "double precision": _packed("d"),
    "uuid[]": _arrays(2950, _uuids),
    "text[]": _arrays(25, _texts),
    "smallint[]": _arrays(21, _packed("h")),
    "integer[]": _arrays(23, _packed("i")),
    "bigint[]": _arrays(20, _packed("q")),
    "bytea[]": _arrays(17, _bytes),
}


class Array(bytes):
    """A whole array as a statement's parameter, which is cast to its type there."""


class _ArrayDumper(Dumper):
    format = Format.BINARY
    oid = 0

    def dump(self, obj: Array) -> Array:
        return obj


psycopg.adapters.register_dumper(Array, _ArrayDumper)


def array_of(kind: str) -> Callable[[Sequence[Any]], Array]:
    """What makes arrays of values of this type for statements, at a fraction of the price."""
    cells = _cells_of(f"{kind}[]")
    return lambda values: Array(cells([values])[0][4:])
