"""Faces as they are read."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from psycopg.sql import SQL

from domain.faces import Face, FaceNotFound
from domain.lists import FaceList
from domain.shared.fields import Time
from projections.database import Reader, Row, owned_by
from projections.filtering import CommaList, Conditions, Filter, Where
from projections.paging import Paged, span_of
from projections.row_blocks import IN_BLOCKS
from projections.row_counts import COUNTED_FACES, counted
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
        # Both are read backwards; new rows at the end of an index are the cheapest.
        "(account_id, create_time, face_id DESC)",  # pages of one account, newest first
        "(create_time, face_id DESC)",  # the same over all accounts
        "USING gin (list_ids)",  # members of a list
        "(external_id) WHERE external_id <> ''",  # faces of one external id
        "(event_id) WHERE event_id IS NOT NULL",  # the face an event created
    ),
    marking=(*IN_BLOCKS, *COUNTED_FACES),
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


FaceTarget = Literal[
    "face_id", "account_id", "event_id", "user_data",
    "create_time", "external_id", "avatar", "lists",
]  # fmt: skip
"""A field of a face that may be asked for."""


_IN_LIST = """list_ids @> ARRAY[%s]::uuid[]
    AND NOT EXISTS (SELECT FROM lists l WHERE l.list_id = %s AND l.retired)"""
# Nearly always no list is retired, which is asked once per query.
_LISTS = """CASE WHEN EXISTS (SELECT FROM lists WHERE retired) THEN ARRAY(
    SELECT one FROM unnest(list_ids) WITH ORDINALITY AS u(one, n)
    WHERE one NOT IN (SELECT list_id FROM lists WHERE retired) ORDER BY n
    ) ELSE list_ids END AS lists"""


class FaceConditions(Conditions):
    """Which faces are meant; every field is a query parameter of `GET /6/faces/count`."""

    face_ids: Annotated[list[UUID] | None, CommaList, Where("face_id = ANY(%s)")] = None
    external_ids: Annotated[list[str] | None, CommaList, Where("external_id = ANY(%s)")] = None
    user_data: Annotated[str | None, Where("strpos(user_data, %s) > 0")] = None
    event_id: Annotated[UUID | None, Where("event_id = %s")] = None
    list_id: Annotated[UUID | None, Where(_IN_LIST)] = None
    face_id__gte: Annotated[UUID | None, Where("face_id >= %s")] = None
    face_id__lt: Annotated[UUID | None, Where("face_id < %s")] = None
    create_time__gte: Annotated[Time | None, Where("create_time >= %s")] = None
    create_time__lt: Annotated[Time | None, Where("create_time < %s")] = None


class FaceFilter(FaceConditions, Filter):
    """Which faces to list and what of them; the query parameters of `GET /6/faces`."""

    targets: Annotated[list[FaceTarget] | None, CommaList] = None


_SHOWN: dict[str, str] = {
    "face_id": "face_id",
    "account_id": "account_id",
    "event_id": "event_id",
    "user_data": "user_data",
    "create_time": "create_time",
    "external_id": "external_id",
    "avatar": "avatar",
    "lists": _LISTS,
}


_PAGES = Paged("faces", "face_id", {"desc": SQL("create_time DESC, face_id")})


def list_faces(db: Reader, account_id: UUID | None, wanted: FaceFilter) -> list[Row]:
    """One page, newest first; only the targets, if any are named."""
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    columns = ", ".join(_SHOWN[target] for target in wanted.targets or _SHOWN)
    condition = SQL("{} AND {}").format(owner, where), [*of_owner, *values]
    return _PAGES.rows(db, SQL(columns), condition, wanted, span=span_of(account_id, wanted))


def count_faces(db: Reader, account_id: UUID | None, wanted: FaceConditions) -> int:
    """How many faces pass all conditions; those of an account or of a list are counted already."""
    clauses, _ = wanted.conditions()
    if not clauses:
        return counted(db, "faces", "account", account_id)
    if len(clauses) == 1 and wanted.list_id is not None:
        owner, of_owner = owned_by(account_id)
        seen = SQL("SELECT FROM lists WHERE list_id = %s AND NOT retired AND {}").format(owner)
        is_seen = db.fetch_one(seen, [wanted.list_id, *of_owner]) is not None
        return counted(db, "faces", "list", wanted.list_id) if is_seen else 0
    owner, of_owner = owned_by(account_id)
    where, values = wanted.where()
    query = SQL("SELECT count(*) FROM faces WHERE {} AND {}").format(owner, where)
    return int(db.fetch_value(query, [*of_owner, *values]))


def count_faces_with_attributes(db: Reader, account_id: UUID | None) -> int:
    """How many faces have attributes."""
    return counted(db, "faces", "attributes", account_id)


def get_faces(db: Reader, face_ids: Sequence[UUID]) -> dict[UUID, Row]:
    """Those of the faces that exist, by id, whatever their account."""
    rows = db.fetch_all(
        "SELECT " + ", ".join(_SHOWN.values()) + " FROM faces WHERE face_id = ANY(%s)",
        [list(face_ids)],
    )
    return {row["face_id"]: row for row in rows}


def get_face(db: Reader, account_id: UUID | None, face_id: UUID) -> Row:
    """One face; refuses an unknown or foreign one."""
    return owned_face(get_faces(db, [face_id]).get(face_id), account_id, face_id)


def owned_face(row: Row | None, account_id: UUID | None, face_id: UUID) -> Row:
    """The row of a face if the account may see it; refuses otherwise."""
    if row is None or account_id not in (None, row["account_id"]):
        raise FaceNotFound(face_id)
    return row


def get_face_attributes(
    db: Reader, account_id: UUID | None, face_id: UUID, version: int | None
) -> Row:
    """The attributes of one face, with the descriptor of one version (raw bytes).

    A face without attributes has nulls and empty lists; so has one without such a descriptor.
    """
    owner, of_owner = owned_by(account_id)
    query = SQL(
        "SELECT attributes_time, age, gender, ethnicity, basic_attributes_samples, "
        "face_descriptor_samples, d.version, d.data FROM faces LEFT JOIN descriptors d "
        "ON d.descriptor_id = (descriptor_ids ->> %s)::uuid WHERE face_id = %s AND {}"
    ).format(owner)
    row = db.fetch_one(query, [str(version), face_id, *of_owner])
    if row is None:
        raise FaceNotFound(face_id)
    basic = {name: row[name] for name in ("age", "gender", "ethnicity") if row[name] is not None}
    descriptor = None
    if row["data"] is not None:
        descriptor = {"descriptor": row["data"], "descriptor_version": row["version"]}
    return {
        "create_time": row["attributes_time"],
        "basic_attributes": basic or None,
        "face_descriptor": descriptor,
        "basic_attributes_samples": row["basic_attributes_samples"],
        "face_descriptor_samples": row["face_descriptor_samples"],
    }


def get_face_samples(db: Reader, account_id: UUID | None, face_id: UUID) -> list[UUID]:
    """The samples that a face's attributes were taken from, each once."""
    found = get_face_attributes(db, account_id, face_id, None)
    both = [*found["face_descriptor_samples"], *found["basic_attributes_samples"]]
    return list(dict.fromkeys(both))


def members(db: Reader, list_id: UUID, most: int) -> list[UUID]:
    """The ids of some faces of a list, at most so many."""
    rows = db.fetch_all(
        "SELECT face_id FROM faces WHERE list_ids @> ARRAY[%s]::uuid[] LIMIT %s", [list_id, most]
    )
    return [row["face_id"] for row in rows]


def have_more_members(db: Reader, list_ids: Sequence[UUID], most: int) -> bool:
    """Whether more than so many faces are in any of the lists."""
    found = db.fetch_value(
        "SELECT count(*) FROM (SELECT FROM faces WHERE list_ids && %s LIMIT %s) found",
        [list(list_ids), most + 1],
    )
    return int(found) > most
