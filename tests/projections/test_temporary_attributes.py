"""What every store of temporary attributes promises, on Postgres and on Redis."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from domain.attributes import AttributeContent, AttributeNotFound, DescriptorData
from domain.log.port import DatabaseUnavailable
from projections.database import Reader
from projections.redis_attributes import RedisAttributes
from projections.temporary_attributes import (
    AttributeFilter,
    PostgresAttributes,
    TemporaryAttributes,
)
from tests.support.log import prepare
from tests.support.postgres import Databases
from tests.support.redis_server import redis_server

CONTENT = AttributeContent(
    (DescriptorData(95, bytes(range(16))), DescriptorData(96, b"\xff" * 8)),
    {"age": 30, "gender": 1},
    (uuid4(), uuid4()),
    (uuid4(),),
)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("redis")
    with redis_server(directory) as url:
        yield url


@pytest.fixture(scope="module")
def reader(databases: Databases) -> Iterator[Reader]:
    with databases.fresh(prepare) as dsn:
        opened = Reader(dsn)
        opened.open()
        yield opened
        opened.close()


@pytest.fixture(params=["postgres", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[TemporaryAttributes]:
    if request.param == "postgres":
        yield PostgresAttributes(request.getfixturevalue("reader"))
        return
    with Redis.from_url(request.getfixturevalue("redis_url")) as client:
        yield RedisAttributes(client)


def test_what_is_put_is_got(store: TemporaryAttributes) -> None:
    account = uuid4()
    (made,) = store.put(account, [CONTENT], 300)

    found = store.get(account, made)

    assert (found.attribute_id, found.account_id) == (made, account)
    assert found.expire_time - found.create_time == timedelta(seconds=300)
    kept = [(d.version, d.data) for d in found.content.descriptors]
    assert kept == [(d.version, d.data) for d in CONTENT.descriptors]
    assert found.content.basic_attributes == CONTENT.basic_attributes
    assert found.content.samples == CONTENT.samples


def test_each_reading_names_the_vectors_anew(store: TemporaryAttributes) -> None:
    account = uuid4()
    (made,) = store.put(account, [CONTENT], 300)

    ids = [d.descriptor_id for _ in range(2) for d in store.get(account, made).content.descriptors]

    assert len(set(ids)) == 4  # so two faces may be made of one attribute


def test_an_empty_content_stays_empty(store: TemporaryAttributes) -> None:
    store.check()
    account = uuid4()
    (made,) = store.put(account, [AttributeContent()], 300)

    assert store.get(account, made).content == AttributeContent()


def test_nobody_sees_or_deletes_what_others_own(store: TemporaryAttributes) -> None:
    account, other = uuid4(), uuid4()
    (made,) = store.put(account, [CONTENT], 300)

    for forbidden in (store.get, store.delete):
        with pytest.raises(AttributeNotFound, match=str(made)):
            forbidden(other, made)
    assert store.find(other, [made]) == []
    assert store.page(other, AttributeFilter()) == []
    assert store.get(None, made).account_id == account


def test_what_was_deleted_is_gone(store: TemporaryAttributes) -> None:
    account = uuid4()
    made, kept = store.put(account, [CONTENT, CONTENT], 300)

    store.delete(account, made)

    for gone in (store.get, store.delete):
        with pytest.raises(AttributeNotFound):
            gone(account, made)
    assert [a.attribute_id for a in store.page(account, AttributeFilter())] == [kept]


def test_several_are_found_once_each_in_the_order_asked(store: TemporaryAttributes) -> None:
    account = uuid4()
    ids = store.put(account, [CONTENT] * 3, 300)
    asked = [ids[2], uuid4(), ids[0], ids[2]]

    assert [a.attribute_id for a in store.find(account, asked)] == [ids[2], ids[0]]
    assert store.find(account, []) == []
    assert store.put(account, [], 300) == []


def test_what_expired_is_gone_at_once_and_swept_later(store: TemporaryAttributes) -> None:
    account = uuid4()
    store.sweep()
    made, soon = *store.put(account, [CONTENT], 300), *store.put(account, [CONTENT], 1)

    time.sleep(1.1)

    for gone in (store.get, store.delete):
        with pytest.raises(AttributeNotFound):
            gone(account, soon)
    assert [a.attribute_id for a in store.find(None, [made, soon])] == [made]
    assert [a.attribute_id for a in store.page(account, AttributeFilter())] == [made]
    assert store.sweep() == 1
    assert store.sweep() == 0
    assert store.get(account, made).content.basic_attributes == CONTENT.basic_attributes


def test_pages_are_newest_first_and_do_not_overlap(store: TemporaryAttributes) -> None:
    account = uuid4()
    ids = [store.put(account, [CONTENT], 300)[0] for _ in range(5)]
    times = [store.get(account, i).create_time for i in ids]

    def page(**wanted: object) -> list[int]:
        found = store.page(account, AttributeFilter.model_validate(wanted))
        return [ids.index(a.attribute_id) for a in found]

    assert page(page_size=2) == [4, 3]
    assert page(page_size=2, page=3) == [0]
    assert page(page=2) == []
    assert page(attribute_ids=[ids[1], ids[3], uuid4()]) == [3, 1]
    assert page(create_time__gte=times[2]) == [4, 3, 2]
    assert page(create_time__lt=times[2]) == [1, 0]


@pytest.mark.parametrize("ttl", [0, -1, 86_401])
def test_lifetimes_are_bounded(store: TemporaryAttributes, ttl: int) -> None:
    with pytest.raises(ValueError, match="lifetime"):
        store.put(uuid4(), [CONTENT], ttl)


def test_a_redis_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    with Redis.from_url(f"unix://{tmp_path}/nobody.sock") as client:
        store = RedisAttributes(client)
        with pytest.raises(DatabaseUnavailable):
            store.put(uuid4(), [CONTENT], 300)
        with pytest.raises(DatabaseUnavailable):
            store.get(uuid4(), uuid4())
        with pytest.raises(DatabaseUnavailable):
            store.check()
