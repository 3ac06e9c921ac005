"""Temporary attributes: outside the log, with a lifetime, in Postgres or in Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

import msgpack
from psycopg.sql import SQL

from domain.attributes import AttributeContent, AttributeNotFound, DescriptorData
from domain.shared.fields import Time
from domain.shared.ids import new_id
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Filter, Where

DEFAULT_TTL_S: Final = 300
LONGEST_TTL_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class TemporaryAttribute:
    """An attribute that is gone at `expire_time`; its vectors get new ids at each reading."""

    attribute_id: UUID
    account_id: UUID
    create_time: datetime
    expire_time: datetime
    content: AttributeContent


class AttributeFilter(Filter):
    """Which page of temporary attributes to list."""

    attribute_ids: Annotated[list[UUID] | None, CommaList, Where("attribute_id = ANY(%s)")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None


class TemporaryAttributes(Protocol):
    """Where temporary attributes are kept; all methods may be called on any thread.

    An `account_id` of None means all accounts. What has expired is gone at once, for every
    method, whether or not it was swept.
    """

    def put(self, account_id: UUID, contents: Sequence[AttributeContent], ttl_s: int) -> list[UUID]:
        """Keep each content for so many seconds (1 to 86400); the ids, in the order given."""
        ...

    def get(self, account_id: UUID | None, attribute_id: UUID) -> TemporaryAttribute:
        """One attribute; refuses an unknown, foreign or expired one."""
        ...

    def find(
        self, account_id: UUID | None, attribute_ids: Sequence[UUID]
    ) -> list[TemporaryAttribute]:
        """Those of the attributes that are there, each once, in the order asked."""
        ...

    def page(self, account_id: UUID | None, wanted: AttributeFilter) -> list[TemporaryAttribute]:
        """One page, newest first."""
        ...

    def delete(self, account_id: UUID, attribute_id: UUID) -> None:
        """Forget it before its time; refuses an unknown, foreign or expired one."""
        ...

    def sweep(self) -> int:
        """Give the room of expired ones back; how many there were."""
        ...

    def check(self) -> None:
        """Raise if the store cannot be reached."""
        ...


class PostgresAttributes:
    """Temporary attributes in an unlogged table: fast, and empty after a crash of the server."""

    _PUT: Final = """INSERT INTO temporary_attributes
        (attribute_id, account_id, create_time, expire_time, content)
        SELECT attribute_id, %s, now(), now() + make_interval(secs => %s), content
        FROM unnest(%s::uuid[], %s::bytea[]) AS given (attribute_id, content)"""
    _FIND: Final = SQL(
        "SELECT attribute_id, account_id, create_time, expire_time, content "
        "FROM temporary_attributes WHERE expire_time > now() AND {} AND {}"
    )
    _SWEEP: Final = """DELETE FROM temporary_attributes WHERE attribute_id = ANY(ARRAY(
        SELECT attribute_id FROM temporary_attributes WHERE expire_time <= now() LIMIT 10000))"""

    def __init__(self, db: Reader) -> None:
        self._db = db

    def put(self, account_id: UUID, contents: Sequence[AttributeContent], ttl_s: int) -> list[UUID]:
        """Keep each content for so many seconds (1 to 86400); the ids, in the order given."""
        check_ttl(ttl_s)
        ids = [new_id() for _ in contents]
        packed = [pack_content(content) for content in contents]
        self._db.execute(self._PUT, [account_id, ttl_s, ids, packed])
        return ids

    def get(self, account_id: UUID | None, attribute_id: UUID) -> TemporaryAttribute:
        """One attribute; refuses an unknown, foreign or expired one."""
        found = self.find(account_id, [attribute_id])
        if not found:
            raise AttributeNotFound(attribute_id)
        return found[0]

    def find(
        self, account_id: UUID | None, attribute_ids: Sequence[UUID]
    ) -> list[TemporaryAttribute]:
        """Those of the attributes that are there, each once, in the order asked."""
        owner, of_owner = owned_by(account_id)
        query = self._FIND.format(owner, SQL("attribute_id = ANY(%s)"))
        rows = self._db.fetch_all(query, [*of_owner, list(attribute_ids)])
        found = {row["attribute_id"]: row for row in rows}
        return [_attribute(found[i]) for i in dict.fromkeys(attribute_ids) if i in found]

    def page(self, account_id: UUID | None, wanted: AttributeFilter) -> list[TemporaryAttribute]:
        """One page, newest first."""
        owner, of_owner = owned_by(account_id)
        where, values = wanted.where()
        query = self._FIND.format(owner, where) + SQL(
            " ORDER BY create_time DESC, attribute_id LIMIT %s OFFSET %s"
        )
        values = [*of_owner, *values, wanted.page_size, wanted.offset]
        return [_attribute(row) for row in self._db.fetch_all(query, values)]

    def delete(self, account_id: UUID, attribute_id: UUID) -> None:
        """Forget it before its time; refuses an unknown, foreign or expired one."""
        gone = self._db.execute(
            "DELETE FROM temporary_attributes "
            "WHERE attribute_id = %s AND account_id = %s AND expire_time > now()",
            [attribute_id, account_id],
        )
        if not gone:
            raise AttributeNotFound(attribute_id)

    def sweep(self) -> int:
        """Give the room of expired ones back; how many there were."""
        total = 0
        while gone := self._db.execute(self._SWEEP):
            total += gone
        return total

    def check(self) -> None:
        """Raise if the store cannot be reached."""
        self._db.fetch_value("SELECT 1")


def check_ttl(ttl_s: int) -> None:
    """Complain about a lifetime that the caller should have refused."""
    if not 1 <= ttl_s <= LONGEST_TTL_S:
        raise ValueError(f"a lifetime of {ttl_s} s is outside 1..{LONGEST_TTL_S}")


def pack_content(content: AttributeContent) -> bytes:
    """MessagePack of a content, without the ids of its vectors."""
    packed: bytes = msgpack.packb(
        [
            [(d.version, d.data) for d in content.descriptors],
            content.basic_attributes,
            [sample.bytes for sample in content.face_descriptor_samples],
            [sample.bytes for sample in content.basic_attributes_samples],
        ]
    )
    return packed


def unpack_content(packed: bytes) -> AttributeContent:
    """The content, its vectors under new ids."""
    descriptors, basic, of_descriptor, of_basic = msgpack.unpackb(packed)
    return AttributeContent(
        tuple(DescriptorData(version, data) for version, data in descriptors),
        basic,
        _uuids(of_descriptor),
        _uuids(of_basic),
    )


def _uuids(packed: Sequence[Any]) -> tuple[UUID, ...]:
    return tuple(UUID(bytes=sample) for sample in packed)


def _attribute(row: Row) -> TemporaryAttribute:
    return TemporaryAttribute(**{**row, "content": unpack_content(row["content"])})
