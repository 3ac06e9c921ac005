"""The linker: puts faces, or faces that it makes of events, into a list."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

from api.workers.tasks.kind import PartDone, PartError, TaskResult, Work
from api.workers.tasks.parts import narrowed
from api.workers.tasks.selection import fixed, selected_ids
from commands.faces import AttachFaces, CreateFace
from commands.lists import CreateList
from domain.attributes import AttributeContent, DescriptorData
from domain.faces import FacesNotFound
from domain.lists import ListNotFound
from domain.shared.enums import TaskType
from domain.shared.fields import Record
from domain.shared.refusal import Refusal
from domain.task_errors import task_key
from domain.task_filters import FILTERS_OF
from domain.task_kinds import LinkerContent
from projections.event_faces import event_faces
from projections.faces import get_faces
from projections.lists import get_list

_PART: Final = 500
_AT_ONCE: Final = 50
_TRIES: Final = 5


class Linker:
    """Attaches the objects that the filters mean; an object is attached once, however often."""

    name: ClassVar[str] = "linker"
    number: ClassVar[int] = TaskType.LINKER
    content: ClassVar[type[Record]] = LinkerContent
    partial: ClassVar[bool] = True

    def split(self, work: Work, content: LinkerContent) -> Sequence[Mapping[str, Any]]:
        """Ranges of ids, for the list that is given or was made for the task."""
        list_id = _list_of(work, content)
        filters: Any = fixed(content.filters)
        ids = selected_ids(work.reader, work.account_id, content.objects_type, filters)
        parts = narrowed(content.objects_type, filters, ids, _PART)
        return [
            {"objects_type": content.objects_type, "list_id": str(list_id), "filters": part}
            for part in parts
        ]

    def run(self, work: Work, content: LinkerContent, part: Mapping[str, Any]) -> PartDone:
        """Attach the objects of the range."""
        list_id = UUID(part["list_id"])
        kind = part["objects_type"]
        filters: Any = FILTERS_OF[kind].model_validate(part["filters"])
        ids = selected_ids(work.reader, work.account_id, kind, filters)
        if kind == "faces":
            return PartDone([str(i) for i in _attach(work, list_id, ids)])
        return _make_faces(work, list_id, ids)

    def merge(
        self, work: Work, content: LinkerContent, results: Iterable[Any]
    ) -> TaskResult | None:
        """The list and the faces that are in it because of the task."""
        faces = [face_id for part in results for face_id in part or ()]
        return TaskResult({"list_id": str(_list_id(work, content)), "faces": faces})


def _list_id(work: Work, content: LinkerContent) -> UUID:
    """The list of the task; one that it makes has always the same id."""
    if content.list_id is not None and not content.create_list:
        return content.list_id
    return uuid5(task_key(work.task_id), "list")


def _list_of(work: Work, content: LinkerContent) -> UUID:
    list_id = _list_id(work, content)
    try:
        get_list(work.reader, work.account_id, list_id)
    except ListNotFound:
        if not content.create_list:
            raise
        user_data = content.user_data or ""
        work.send(CreateList(account_id=work.account_id, list_id=list_id, user_data=user_data))
    return list_id


def _attach(work: Work, list_id: UUID, face_ids: Sequence[UUID]) -> list[UUID]:
    """Attach those of the faces that are there; others may delete some meanwhile."""
    there = list(face_ids)
    for _ in range(_TRIES):
        try:
            if there:
                attach = AttachFaces(
                    account_id=work.account_id, list_id=list_id, face_ids=tuple(there)
                )
                work.send(attach)
            return there
        except FacesNotFound:
            found = get_faces(work.reader, there)
            there = [face_id for face_id in there if face_id in found]
    raise FacesNotFound(there[0])


def _make_faces(work: Work, list_id: UUID, event_ids: Sequence[UUID]) -> PartDone:
    """Make a face of each event, once: its id follows from the task and the event."""
    made: list[UUID] = []
    errors: list[PartError] = []
    for start in range(0, len(event_ids), _AT_ONCE):
        work.check()
        wanted = {_face_of(work, i): i for i in event_ids[start : start + _AT_ONCE]}
        there = get_faces(work.reader, list(wanted))
        new = [event_id for face_id, event_id in wanted.items() if face_id not in there]
        commands = [
            _new_face(work, list_id, row) for row in event_faces(work.reader, work.account_id, new)
        ]
        answers = work.wait(_send_all(work, commands))
        made += there
        for command, answer in zip(commands, answers, strict=True):
            if isinstance(answer, Refusal):
                errors.append(PartError(answer, str(command.event_id)))
            elif isinstance(answer, BaseException):
                raise answer
            else:
                made.append(command.face_id)
    return PartDone([str(face_id) for face_id in made], errors)


async def _send_all(work: Work, commands: Sequence[CreateFace]) -> list[Any]:
    sends = (work.services.writer.send(command) for command in commands)
    return await asyncio.gather(*sends, return_exceptions=True)


def _face_of(work: Work, event_id: UUID) -> UUID:
    return uuid5(task_key(work.task_id), str(event_id))


def _new_face(work: Work, list_id: UUID, row: Mapping[str, Any]) -> CreateFace:
    samples = tuple(row["samples"])
    basic = {name: value for name, value in row["basic_attributes"].items() if value is not None}
    content = AttributeContent(
        descriptors=tuple(DescriptorData(v, data) for v, data in row["descriptors"]),
        basic_attributes=basic or None,
        face_descriptor_samples=samples if row["descriptors"] else (),
        basic_attributes_samples=samples if basic else (),
    )
    return CreateFace(
        account_id=work.account_id,
        face_id=_face_of(work, row["event_id"]),
        user_data=row["user_data"] or "",
        external_id=row["external_id"] or "",
        avatar=f"/6/samples/faces/{samples[0]}" if samples else "",
        event_id=row["event_id"],
        attribute=content if content.descriptors or basic else None,
        list_ids=(list_id,),
    )
