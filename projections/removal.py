"""What goes with events and faces that are removed: their vectors, samples and source images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.sql import SQL

from projections.database import Reader, Row, owned_by
from projections.event_filters import EventConditions
from projections.faces import FaceConditions


@dataclass(frozen=True, slots=True)
class Removed:
    """An event or a face with what is kept only because of it, as far as the read models know."""

    object_id: UUID
    descriptor_ids: tuple[UUID, ...]
    samples: tuple[UUID, ...]
    images: tuple[str, ...] = ()


def events_to_remove(db: Reader, account_id: UUID, wanted: EventConditions) -> list[Removed]:
    """The account's events that pass, by id."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT event_id, descriptor_ids, face_detections, body_detections FROM events "
        "WHERE {} AND {} ORDER BY event_id"
    ).format(owner, where)
    return [_event(row) for row in db.fetch_all(query, [*of_owner, *values])]


def faces_to_remove(db: Reader, account_id: UUID, wanted: FaceConditions) -> list[Removed]:
    """The account's faces that pass, by id."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT face_id, face_descriptor_samples, basic_attributes_samples FROM faces "
        "WHERE {} AND {} ORDER BY face_id"
    ).format(owner, where)
    return [
        Removed(
            row["face_id"],
            (),
            tuple(
                dict.fromkeys([*row["face_descriptor_samples"], *row["basic_attributes_samples"]])
            ),
        )
        for row in db.fetch_all(query, [*of_owner, *values])
    ]


def _event(row: Row) -> Removed:
    detections = [*(row["face_detections"] or ()), *(row["body_detections"] or ())]
    vectors = (i for by_version in row["descriptor_ids"].values() for i in by_version.values())
    return Removed(
        row["event_id"],
        tuple(UUID(i) for i in vectors),
        tuple(dict.fromkeys(_uuids(one.get("sample_id") for one in detections))),
        tuple(dict.fromkeys(o for one in detections if (o := one.get("image_origin")))),
    )


def _uuids(values: Iterator[Any]) -> Iterator[UUID]:
    for value in values:
        try:
            yield UUID(value)
        except (ValueError, TypeError, AttributeError):  # written by a client, and no id
            continue
