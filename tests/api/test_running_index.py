"""A running index is compared with what is stored while both change, by whoever asks."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from api.workers.index_checks import IndexChecks, ask_services
from api.workers.index_running import check_running
from commands.faces import CreateFace
from commands.lists import CreateList
from domain.shared.biometrics import Descriptor, DescriptorKind
from ray_cluster.matching import (
    AttachCandidate,
    Difference,
    IndexChange,
    Origin,
    PutCandidate,
    RemoveCandidate,
)
from tests.api.fed_index import FEATURE, content, fed, life, vector, writing
from tests.support.log import prepare
from tests.support.postgres import Databases
from tests.support.writing import ACCOUNT

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


def put(candidate_id: UUID, seed: int) -> PutCandidate:
    return PutCandidate(
        origin=Origin.FACES,
        candidate_id=candidate_id,
        account_id=ACCOUNT,
        descriptor=Descriptor(DescriptorKind.FACE, 1, vector(seed)),
        create_time=MOMENT,
    )


async def test_an_index_is_as_the_log_says_while_that_goes_on(dsn: str) -> None:
    faces: list[UUID] = []
    async with fed(dsn) as index, writing(dsn, index.feeder) as writer:
        lists = [await writer.send(CreateList(account_id=ACCOUNT)) for _ in range(4)]
        await life(writer, 7000, lists, faces)
        living = asyncio.create_task(life(writer, 7100, lists, faces))
        beside = await asyncio.to_thread(check_running, dsn, index.matching, [FEATURE])
        await living
        after = await asyncio.to_thread(check_running, dsn, index.matching, [FEATURE])
        assert (beside.differences, beside.examples) == (0, [])
        assert (after.differences, after.counted, after.position) == (0, True, writer.position)
        assert after.descriptors == len(await index.find()) > 20


async def test_whatever_is_held_otherwise_is_found(dsn: str) -> None:
    async with fed(dsn) as index, writing(dsn, index.feeder) as writer:
        faces = [
            await writer.send(CreateFace(account_id=ACCOUNT, attribute=content(seed)))
            for seed in range(6)
        ]
        stranger = uuid4()
        wrong: list[tuple[IndexChange, str]] = [
            (RemoveCandidate(origin=Origin.FACES, candidate_id=faces[0]), "missing"),
            (AttachCandidate(candidate_id=faces[1], list_id=uuid4()), "lists"),
            (put(faces[2], 17), "vector"),
        ]
        index.matching.apply([change for change, _ in wrong], None)
        verdict = await asyncio.to_thread(check_running, dsn, index.matching, [FEATURE])
        found = {each.candidate_id: each.what for each in verdict.examples}
        assert found.keys() == set(faces[:3])
        assert all(what in found[face] for face, (_, what) in zip(faces, wrong, strict=False))
        assert verdict.differences == 4  # one is missing, so one less is held, too
        index.matching.apply([put(stranger, 18), put(uuid4(), 19)], None)
        more = await asyncio.to_thread(check_running, dsn, index.matching, [FEATURE])
        assert (more.differences, more.counted) == (4, True)  # two more, less the one


async def test_services_answer_who_asks_through_the_database(dsn: str) -> None:
    assert await asyncio.to_thread(ask_services, dsn) == []
    async with fed(dsn) as index, writing(dsn, index.feeder) as writer:
        face = await writer.send(CreateFace(account_id=ACCOUNT, attribute=content(1)))
        checks = [IndexChecks(dsn, index.matching, [FEATURE]) for _ in range(2)]
        for each in checks:
            each.start()
        try:
            with psycopg.connect(dsn, autocommit=True) as admin:
                count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = ANY(%s)"
                names = [f"selene index {each.process}" for each in checks]
                while admin.execute(count, [names]).fetchone() != (2,):
                    await asyncio.sleep(0.02)
            said = await asyncio.to_thread(ask_services, dsn)
            assert {each.process for each in said} == {each.process for each in checks}
            assert [each.verdict and each.verdict.differences for each in said] == [0, 0]
            gone = RemoveCandidate(origin=Origin.FACES, candidate_id=face)
            index.matching.apply([gone], None)
            (verdict, _) = [each.verdict for each in await asyncio.to_thread(ask_services, dsn)]
            assert verdict is not None
            assert verdict.examples == [Difference(str(face), "missing")]  # type: ignore[arg-type]
        finally:
            for each in checks:
                await asyncio.to_thread(each.stop)
    assert await asyncio.to_thread(ask_services, dsn) == []


async def test_a_service_that_cannot_compare_says_why(dsn: str) -> None:
    async with fed(dsn) as index:
        checks = IndexChecks(dsn, index.matching, [FEATURE])
        checks.start()
        try:
            with psycopg.connect(dsn, autocommit=True) as admin:
                admin.execute("ALTER TABLE faces RENAME COLUMN gender TO hidden")
                answers: list[str] = []

                def ask() -> None:
                    while not answers:
                        answers.extend(each.problem for each in ask_services(dsn))

                asking = threading.Thread(target=ask)
                asking.start()
                await asyncio.to_thread(asking.join)
            assert "UndefinedColumn" in answers[0]
        finally:
            await asyncio.to_thread(checks.stop)
