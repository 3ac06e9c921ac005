"""Large batches take another way into the log, and are all or nothing there as well."""

from uuid import uuid4

import pytest

from domain.faces import Face
from domain.lists import FaceList
from domain.log.facts import DescriptorRow
from domain.log.port import Announcement, Batch, VersionConflict
from domain.shared.owned import Owned
from projections.copying import MANY
from projections.database import Reader
from projections.events import EVENTS
from projections.faces import FACES, FaceConditions, count_faces
from projections.lists import LISTS
from projections.verify import verify
from tests.bench.log import ACCOUNT, recorded
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases


def _of(*aggregates: Owned) -> Batch:
    return Batch(events=[(event, "r") for a in aggregates for event in a.collect_events()])


def test_read_models_are_what_the_log_says_after_births_and_changes(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        log = open_log(dsn)
        staff, others = FaceList(ACCOUNT, "staff"), FaceList(ACCOUNT, "others")
        born = [Face(ACCOUNT, user_data=f"face {n}") for n in range(MANY + 50)]
        log.commit(_of(staff, others, *born))
        for face in born[: MANY + 10]:
            face.attach(staff.id)
        mixed = [Face(ACCOUNT, external_id=f"E-{n}") for n in range(MANY + 1)]
        for face in mixed[::2]:
            face.attach(others.id)
        batch = _of(*born, *mixed)
        batch.recognitions = [(recorded(), "r") for _ in range(MANY + 1)]
        owner = born[0].id
        batch.descriptors = [DescriptorRow(uuid4(), owner, "face", 1, b"1234")]
        batch.announcements = [Announcement(ACCOUNT, b"{}")]

        committed = log.commit(batch)

        last = committed.facts[-1].position
        assert [fact.position for fact in committed.facts] == [
            *range(last + 1 - len(committed.facts), last + 1)
        ]
        assert committed.position == last + 1
        assert log.load([owner])[owner][-1].list_id == staff.id
        log.close()
        for table in (FACES, LISTS, EVENTS):
            found = verify(dsn, table, MASTER)
            assert (found.differences, found.rows > 0) == (0, True)


def test_nothing_of_a_large_batch_stays_when_one_version_is_taken(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        log, db = open_log(dsn), Reader(dsn)
        taken = Face(ACCOUNT)
        log.commit(_of(taken))
        again = Face.with_id(
            taken.id, account_id=ACCOUNT, user_data="", external_id="", avatar="", event_id=None
        )
        large = _of(*(Face(ACCOUNT) for _ in range(MANY)), again, Face(ACCOUNT))

        with pytest.raises(VersionConflict):
            log.commit(large)

        assert log.position() == 1
        log.commit(_of(*(Face(ACCOUNT) for _ in range(MANY + 1))))  # the connection is as before
        db.open()
        assert count_faces(db, ACCOUNT, FaceConditions()) == MANY + 2
        db.close()
        log.close()
        assert verify(dsn, FACES, MASTER).differences == 0
