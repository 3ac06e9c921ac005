"""Temporary attributes in Redis, which forgets them by itself."""

import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

import msgpack
from redis import Redis
from redis.exceptions import ConnectionError as NotReachable
from redis.exceptions import TimeoutError as TooSlow

from domain.attributes import AttributeContent, AttributeNotFound
from domain.log.port import DatabaseUnavailable
from domain.shared.ids import new_id
from projections.temporary_attributes import (
    AttributeFilter,
    TemporaryAttribute,
    check_ttl,
    pack_content,
    unpack_content,
)

_ALL: Final = "all"
_AT_ONCE: Final = 1000

P = ParamSpec("P")
R = TypeVar("R")


def _reached(method: Callable[P, R]) -> Callable[P, R]:
    """The method, which says that the store is away in the way that is answered as such."""

    @functools.wraps(method)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (NotReachable, TooSlow) as error:
            raise DatabaseUnavailable from error

    return asked


class RedisAttributes:
    """One key per attribute with its lifetime, and per account a set of ids by time of expiry.

    The sets serve `page` only. A set is told of expired members when it is written to, and
    lives as long as its last member.
    """

    def __init__(self, redis: Redis, *, prefix: str = "selene:attribute") -> None:
        self._redis = redis
        self._prefix = prefix

    @_reached
    def put(self, account_id: UUID, contents: Sequence[AttributeContent], ttl_s: int) -> list[UUID]:
        """Keep each content for so many seconds (1 to 86400); the ids, in the order given."""
        check_ttl(ttl_s)
        ids = [new_id() for _ in contents]
        now = datetime.now(UTC)
        expires = now + timedelta(seconds=ttl_s)
        with self._redis.pipeline(transaction=True) as together:
            for attribute_id, content in zip(ids, contents, strict=True):
                value = msgpack.packb(
                    [account_id.bytes, now.isoformat(), expires.isoformat(), pack_content(content)]
                )
                together.set(self._key(attribute_id), value, px=ttl_s * 1000)
            for name in (str(account_id), _ALL) if ids else ():
                key = self._set(name)
                together.zremrangebyscore(key, "-inf", now.timestamp())
                together.zadd(key, {i.bytes: expires.timestamp() for i in ids})
                together.expire(key, ttl_s, nx=True)  # a new set has no time of its own yet
                together.expire(key, ttl_s, gt=True)
            together.execute()
        return ids

    def get(self, account_id: UUID | None, attribute_id: UUID) -> TemporaryAttribute:
        """One attribute; refuses an unknown, foreign or expired one."""
        found = self.find(account_id, [attribute_id])
        if not found:
            raise AttributeNotFound(attribute_id)
        return found[0]

    @_reached
    def find(
        self, account_id: UUID | None, attribute_ids: Sequence[UUID]
    ) -> list[TemporaryAttribute]:
        """Those of the attributes that are there, each once, in the order asked."""
        return [
            attribute
            for attribute in self._load(dict.fromkeys(attribute_ids))
            if account_id in (None, attribute.account_id)
        ]

    @_reached
    def page(self, account_id: UUID | None, wanted: AttributeFilter) -> list[TemporaryAttribute]:
        """One page, newest first."""
        ids = wanted.attribute_ids
        if ids is None:
            key = self._set(_ALL if account_id is None else str(account_id))
            members: Any = self._redis.zrangebyscore(key, datetime.now(UTC).timestamp(), "+inf")
            ids = [UUID(bytes=member) for member in members]
        since, until = wanted.create_time__gte, wanted.create_time__lt
        passing = [
            attribute
            for attribute in self.find(account_id, ids)
            if (since is None or attribute.create_time >= since)
            and (until is None or attribute.create_time < until)
        ]
        passing.sort(key=lambda attribute: attribute.attribute_id)
        passing.sort(key=lambda attribute: attribute.create_time, reverse=True)
        return passing[wanted.offset : wanted.offset + wanted.page_size]

    @_reached
    def delete(self, account_id: UUID, attribute_id: UUID) -> None:
        """Forget it before its time; refuses an unknown, foreign or expired one."""
        self.get(account_id, attribute_id)
        with self._redis.pipeline(transaction=True) as together:
            together.delete(self._key(attribute_id))
            for name in (str(account_id), _ALL):
                together.zrem(self._set(name), attribute_id.bytes)
            gone, *_ = together.execute()
        if not gone:
            raise AttributeNotFound(attribute_id)

    @_reached
    def sweep(self) -> int:
        """Give the room of expired ones back; Redis did, so this tidies the set of all ids."""
        now = datetime.now(UTC).timestamp()
        return int(self._redis.zremrangebyscore(self._set(_ALL), "-inf", now))

    @_reached
    def check(self) -> None:
        """Raise if the store cannot be reached."""
        self._redis.ping()

    def _load(self, ids: Iterable[UUID]) -> Iterable[TemporaryAttribute]:
        remaining = iter(ids)
        while some := list(itertools.islice(remaining, _AT_ONCE)):
            values = self._redis.mget([self._key(attribute_id) for attribute_id in some])
            for attribute_id, value in zip(some, values, strict=True):
                if value is not None:
                    yield _attribute(attribute_id, value)

    def _key(self, attribute_id: UUID) -> str:
        return f"{self._prefix}:{attribute_id}"

    def _set(self, name: str) -> str:
        return f"{self._prefix}:ids:{name}"


def _attribute(attribute_id: UUID, value: Any) -> TemporaryAttribute:
    account, created, expires, content = msgpack.unpackb(value)
    return TemporaryAttribute(
        attribute_id,
        UUID(bytes=account),
        datetime.fromisoformat(created),
        datetime.fromisoformat(expires),
        unpack_content(content),
    )
