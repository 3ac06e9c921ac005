"""What may be asked of faces."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from commands.command import Command, CommandTable
from commands.lists import open_list, open_lists
from commands.store import Store
from domain.attributes import AttributeContent
from domain.faces import Face, FacesNotFound
from domain.log.facts import DescriptorRow
from domain.shared.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFace(Command[UUID]):
    """Make a face, with attributes and in lists if given; answers its id."""

    face_id: UUID = field(default_factory=new_id)
    user_data: str = ""
    external_id: str = ""
    avatar: str = ""
    event_id: UUID | None = None
    attribute: AttributeContent | None = None
    list_ids: tuple[UUID, ...] = ()


def create_face(cmd: CreateFace, store: Store) -> UUID:
    """Make the face, or nothing if a list is missing."""
    lists = open_lists(cmd.list_ids, cmd.account_id, store)
    face = Face.with_id(
        cmd.face_id,
        account_id=cmd.account_id,
        user_data=cmd.user_data,
        external_id=cmd.external_id,
        avatar=cmd.avatar,
        event_id=cmd.event_id,
    )
    if cmd.attribute is not None:
        give_attributes(face, cmd.attribute, store)
    for target in lists:
        face.attach(target.id)
    store.save(face)
    return face.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditFace(Command[None]):
    """Change what is said about a face; `changes` has only what shall change."""

    face_id: UUID
    changes: dict[str, Any]


def edit_face(cmd: EditFace, store: Store) -> None:
    """Change the face."""
    face = store.get(Face, cmd.face_id, cmd.account_id)
    face.edit(**cmd.changes)
    store.save(face)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteFaces(Command[list[UUID]]):
    """Delete faces: all or none, unless `ignore_missing`; answers the ids of the deleted."""

    face_ids: tuple[UUID, ...]
    ignore_missing: bool = False


def delete_faces(cmd: DeleteFaces, store: Store) -> list[UUID]:
    """Delete the faces and their vectors."""
    if cmd.ignore_missing:
        faces = store.find_many(Face, cmd.face_ids, cmd.account_id)
    else:
        faces = _all_faces(cmd.face_ids, cmd.account_id, store)
    for face in faces:
        store.forget_descriptors(face.descriptor_ids.values())
        face.delete()
    store.save(*faces)
    return [face.id for face in faces]


@dataclass(frozen=True, slots=True, kw_only=True)
class PutFaceAttributes(Command[None]):
    """Give a face these attributes instead of all earlier ones."""

    face_id: UUID
    attribute: AttributeContent


def put_face_attributes(cmd: PutFaceAttributes, store: Store) -> None:
    """Replace the face's attributes."""
    face = store.get(Face, cmd.face_id, cmd.account_id)
    give_attributes(face, cmd.attribute, store)
    store.save(face)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFaceAttributes(Command[None]):
    """Take all attributes from a face."""

    face_id: UUID


def remove_face_attributes(cmd: RemoveFaceAttributes, store: Store) -> None:
    """Remove the face's attributes and their vectors."""
    face = store.get(Face, cmd.face_id, cmd.account_id)
    store.forget_descriptors(face.remove_attributes())
    store.save(face)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachFaces(Command[None]):
    """Put faces into a list: all of them, or none if one is missing."""

    list_id: UUID
    face_ids: tuple[UUID, ...]


def attach_faces(cmd: AttachFaces, store: Store) -> None:
    """Attach the faces to the list."""
    target = open_list(cmd.list_id, cmd.account_id, store)
    faces = _all_faces(cmd.face_ids, cmd.account_id, store)
    for face in faces:
        face.attach(target.id)
    store.save(*faces)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachFaces(Command[None]):
    """Take faces out of a list: all of them, or none if one is missing."""

    list_id: UUID
    face_ids: tuple[UUID, ...]


def detach_faces(cmd: DetachFaces, store: Store) -> None:
    """Detach the faces from the list."""
    target = open_list(cmd.list_id, cmd.account_id, store)
    faces = _all_faces(cmd.face_ids, cmd.account_id, store)
    for face in faces:
        face.detach(target.id)
    store.save(*faces)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveList(Command[list[UUID]]):
    """Take faces out of a list that nobody sees any more; answers those that were in it."""

    list_id: UUID
    face_ids: tuple[UUID, ...]


def leave_list(cmd: LeaveList, store: Store) -> list[UUID]:
    """Detach the faces that still are there and in the list."""
    faces = store.find_many(Face, cmd.face_ids, cmd.account_id)
    leaving = [face for face in faces if cmd.list_id in face.list_ids]
    for face in leaving:
        face.detach(cmd.list_id)
    store.save(*leaving)
    return [face.id for face in leaving]


def _all_faces(face_ids: tuple[UUID, ...], account_id: UUID, store: Store) -> list[Face]:
    try:
        return store.get_many(Face, tuple(dict.fromkeys(face_ids)), account_id)
    except Face.missing as missing:
        raise FacesNotFound(*missing.args) from None


def give_attributes(face: Face, content: AttributeContent, store: Store) -> None:
    """Put the attributes and keep their vectors; those that the face had are forgotten."""
    store.forget_descriptors(face.put_attributes(content))
    store.keep_descriptors(
        DescriptorRow(d.descriptor_id, face.id, "face", d.version, d.data)
        for d in content.descriptors
    )


COMMANDS: CommandTable = {
    CreateFace: create_face,
    EditFace: edit_face,
    DeleteFaces: delete_faces,
    PutFaceAttributes: put_face_attributes,
    RemoveFaceAttributes: remove_face_attributes,
    AttachFaces: attach_faces,
    DetachFaces: detach_faces,
    LeaveList: leave_list,
}
