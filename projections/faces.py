"""Faces as they are read."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from psycopg.sql import SQL

from domain.faces import Face, FaceNotFound
from domain.lists import FaceList
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Filter, Where
from projections.table import Append, Delete, Insert, Remove, RemoveEverywhere, Table, Update


def _text(field: str) -> Callable[[Any], str]:
    """The field, or nothing where its key was destroyed."""
    return lambda event: getattr(event, field) or ""


def _basic(name: str) -> Callable[[Any], int | None]:
    return lambda event: (event.basic_attributes or {}).get(name)


_SAID = {name: _text(name) for name in ("user_data", "external_id", "avatar")}

FACES = Table(
    "faces",
    key="face_id",
    columns={
        "face_id": "uuid PRIMARY KEY",
        "account_id": "uuid NOT NULL",
        "user_data": "text NOT NULL",
        "external_id": "text NOT NULL",
        "avatar": "text NOT NULL",
        "event_id": "uuid",
        "list_ids": "uuid[] NOT NULL",
        "create_time": "timestamptz NOT NULL",
        "descriptor_ids": "jsonb NOT NULL",
        "age": "smallint",
        "gender": "smallint",
        "ethnicity": "smallint",
        "face_descriptor_samples": "uuid[] NOT NULL",
        "basic_attributes_samples": "uuid[] NOT NULL",
        "attributes_time": "timestamptz",
    },
    defaults={
        "list_ids": [],
        "descriptor_ids": {},
        "face_descriptor_samples": [],
        "basic_attributes_samples": [],
    },
    indexes=(
        "(account_id, create_time DESC, face_id)",  # pages of one account, newest first
        "(create_time DESC, face_id)",  # the same over all accounts
        "USING gin (list_ids)",  # members of a list
        "(external_id) WHERE external_id <> ''",  # faces of one external id
        "(event_id) WHERE event_id IS NOT NULL",  # the face an event created
    ),
    rules=[
        Insert(Face.Created, "account_id", "event_id", create_time="timestamp", **_SAID),
        Update(Face.Edited, "event_id", **_SAID),
        Update(
            Face.AttributesPut,
            "face_descriptor_samples",
            "basic_attributes_samples",
            descriptor_ids=lambda e: {str(v): str(i) for v, i in e.descriptor_ids.items()},
            age=_basic("age"),
            gender=_basic("gender"),
            ethnicity=_basic("ethnicity"),
            attributes_time="timestamp",
        ),
        Update(
            Face.AttributesRemoved,
            face_descriptor_samples=lambda _: [],
            basic_attributes_samples=lambda _: [],
            descriptor_ids=lambda _: {},
            age=lambda _: None,
            gender=lambda _: None,
            ethnicity=lambda _: None,
            attributes_time=lambda _: None,
        ),
        Append(Face.Attached, list_ids="list_id"),
        Remove(Face.Detached, list_ids="list_id"),
        Delete(Face.Deleted),
        RemoveEverywhere(FaceList.Deleted, "list_ids"),
    ],
)


class FaceFilter(Filter):
    """Which faces to list; every field is a query parameter of `GET /6/faces`."""

    face_ids: Annotated[list[UUID] | None, CommaList, Where("face_id = ANY(%s)")] = None
    external_ids: Annotated[list[str] | None, CommaList, Where("external_id = ANY(%s)")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    event_id: Annotated[UUID | None, Where("event_id = %s")] = None
    list_id: Annotated[UUID | None, Where("list_ids @> ARRAY[%s]::uuid[]")] = None
    face_id__gte: Annotated[UUID | None, Where("face_id >= %s")] = None
    face_id__lt: Annotated[UUID | None, Where("face_id < %s")] = None
    create_time__gte: Annotated[datetime | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[datetime | None, Where("create_time < %s")] = None


_SHOWN = (
    "face_id, account_id, event_id, user_data, create_time, external_id, avatar, list_ids AS lists"
)


def list_faces(db: Reader, account_id: UUID | None, wanted: FaceFilter) -> list[Row]:
    """One page, newest first."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL(
        "SELECT " + _SHOWN + " FROM faces WHERE {} AND {} "
        "ORDER BY create_time DESC, face_id LIMIT %s OFFSET %s"
    ).format(owner, where)
    return db.fetch_all(query, [*of_owner, *values, wanted.page_size, wanted.offset])


def get_faces(db: Reader, face_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Those of the faces that exist, by id, whatever their account."""
    rows = db.fetch_all(
        "SELECT " + _SHOWN + " FROM faces WHERE face_id = ANY(%s)", [list(face_ids)]
    )
    return {row["face_id"]: row for row in rows}


def get_face(db: Reader, account_id: UUID | None, face_id: UUID) -> Row:
    """One face; refuses an unknown or foreign one."""
    row = get_faces(db, [face_id]).get(face_id)
    if row is None or account_id not in (None, row["account_id"]):
        raise FaceNotFound(face_id)
    return row
