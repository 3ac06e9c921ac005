"""Reading from many rows: far pages continue near ones, and groups are known to be few."""

from uuid import uuid4

import psycopg

from domain.faces import Face
from domain.log.port import Batch
from projections.database import Reader
from projections.events import EVENTS, EventFilter, list_events
from projections.faces import FaceFilter, list_faces
from projections.read_model import ReadModel
from tests.bench.log import ACCOUNT, recorded
from tests.support.log import open_log, prepare
from tests.support.postgres import Databases

COUNT, PAGE = 1150, 100


def test_every_face_and_event_is_on_one_page_in_order(databases: Databases) -> None:
    with databases.fresh(prepare) as dsn:
        batch = Batch(recognitions=[(recorded(), "") for _ in range(COUNT)])
        for number in range(COUNT):
            face = Face(account_id=ACCOUNT, user_data="odd" if number % 2 else "even")
            batch.events += [(event, "") for event in face.collect_events()]
        stranger = Face(account_id=uuid4())
        batch.events += [(event, "") for event in stranger.collect_events()]
        log, db = open_log(dsn), Reader(dsn)
        log.commit(batch)
        log.close()
        db.open()
        try:
            pages = range(1, COUNT // PAGE + 3)
            faces = [
                face
                for page in pages
                for face in list_faces(db, ACCOUNT, FaceFilter(page=page, page_size=PAGE))
            ]
            in_order = sorted(faces, key=lambda face: face["face_id"])
            in_order.sort(key=lambda face: face["create_time"], reverse=True)
            assert faces == in_order
            assert len({face["face_id"] for face in faces}) == COUNT

            odd = FaceFilter(page=11, page_size=PAGE, user_data="d", targets=["user_data"])
            assert list_faces(db, ACCOUNT, odd) == []
            everything = {"event_id__gte": "00000000-0000-0000-0000-000000000000"}
            for order in ("asc", "desc"):
                asked = {"page_size": PAGE, "order": order, **everything}
                events = [
                    event["event_id"]
                    for page in pages
                    for event in list_events(
                        db, ACCOUNT, EventFilter.model_validate({"page": page, **asked})
                    )
                ]
                whole = EventFilter.model_validate({**asked, "page_size": 1000})
                assert events[:1000] == [e["event_id"] for e in list_events(db, ACCOUNT, whole)]
                assert len(set(events)) == len(events) == COUNT
        finally:
            db.close()


def test_grouping_by_time_is_expected_to_make_few_groups(dsn: str) -> None:
    """Else the planner thinks of one group per event, and sorts them all on disk."""
    with psycopg.connect(dsn) as connection:
        ReadModel(EVENTS, "grouped_events").create(connection)
        connection.execute(
            "INSERT INTO grouped_events (event_id, account_id, create_time, end_time, insert_time,"
            " descriptor_ids) SELECT gen_random_uuid(), %s, now() - n * interval '1 s', now(),"
            " now(), '{}' FROM generate_series(1, 20000) n",
            [ACCOUNT],
        )
        connection.execute("ANALYZE grouped_events")
        row = connection.execute(
            "EXPLAIN (FORMAT JSON) SELECT date_bin('1 hour', create_time, now()), count(*) "
            "FROM grouped_events GROUP BY 1"
        ).fetchone()
        connection.rollback()

    assert row is not None
    assert row[0][0]["Plan"]["Plan Rows"] <= 5000
