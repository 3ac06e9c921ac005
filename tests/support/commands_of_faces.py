"""Random sequences of commands on a few faces and lists, some of which are refused."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID, uuid5

from hypothesis import strategies as st

from commands.command import Command
from commands.faces import (
    AttachFaces,
    CreateFace,
    DeleteFaces,
    DetachFaces,
    EditFace,
    LeaveList,
    PutFaceAttributes,
    RemoveFaceAttributes,
)
from commands.lists import (
    CreateList,
    DeleteLists,
    DissolveLists,
    DropRetiredLists,
    EditList,
    RetireLists,
)
from commands.router import COMMANDS
from commands.store import Session, SessionStore
from domain.attributes import AttributeContent, DescriptorData
from domain.log.facts import Fact
from domain.log.port import Log
from domain.shared.refusal import Refusal

ACCOUNTS = [uuid5(UUID(int=0), f"account {n}") for n in range(2)]
FACES = [uuid5(UUID(int=0), f"face {n}") for n in range(4)]
LISTS = [uuid5(UUID(int=0), f"list {n}") for n in range(3)]

_ACCOUNT = st.sampled_from([ACCOUNTS[0]] * 5 + ACCOUNTS[1:])
_FACE = st.sampled_from(FACES)
_LIST = st.sampled_from(LISTS)
_FACES = st.lists(_FACE, min_size=1, max_size=3).map(tuple)
_LISTS = st.lists(_LIST, max_size=2, unique=True).map(tuple)
_TEXT = st.sampled_from(["", "Ann", 'Bob \u2603 "quoted" \\ {1,2}', "None"])
_CHANGES = st.dictionaries(
    st.sampled_from(["user_data", "external_id", "avatar"]), _TEXT, min_size=1
)
_CONTENT = st.builds(
    AttributeContent,
    descriptors=st.lists(
        st.builds(
            DescriptorData,
            version=st.sampled_from([59, 65]),
            data=st.just(b"\x00\x00\x80\x3f" * 4),
            descriptor_id=st.uuids(),
        ),
        max_size=2,
        unique_by=lambda d: d.version,
    ).map(tuple),
    basic_attributes=st.none() | st.just({"age": 30, "gender": 1, "ethnicity": 4}),
    face_descriptor_samples=st.lists(st.uuids(), max_size=2).map(tuple),
    basic_attributes_samples=st.lists(st.uuids(), max_size=1).map(tuple),
)


def _of(kind: type[Command[Any]], **fields: st.SearchStrategy[Any]) -> Any:
    return st.builds(kind, account_id=_ACCOUNT, **fields)


_MADE: list[Command[Any]] = [
    *(CreateList(account_id=ACCOUNTS[0], list_id=list_id) for list_id in LISTS),
    *(CreateFace(account_id=ACCOUNTS[0], face_id=face_id) for face_id in FACES),
]

SEQUENCES = st.lists(
    st.one_of(
        _of(CreateFace, face_id=_FACE, user_data=_TEXT, external_id=_TEXT, avatar=_TEXT,
            event_id=st.none() | st.uuids(), attribute=st.none() | _CONTENT, list_ids=_LISTS),
        _of(CreateList, list_id=_LIST, user_data=_TEXT),
        _of(EditFace, face_id=_FACE, changes=_CHANGES),
        _of(AttachFaces, list_id=_LIST, face_ids=_FACES),
        _of(DetachFaces, list_id=_LIST, face_ids=_FACES),
        _of(PutFaceAttributes, face_id=_FACE, attribute=_CONTENT),
        _of(RemoveFaceAttributes, face_id=_FACE),
        _of(EditList, list_id=_LIST, user_data=_TEXT),
        _of(RetireLists, list_ids=_LISTS),
        _of(DissolveLists, list_ids=_LISTS),
        _of(LeaveList, list_id=_LIST, face_ids=_FACES),
        _of(DropRetiredLists, list_ids=_LISTS),
        _of(DeleteLists, list_ids=_LISTS),
        _of(DeleteFaces, face_ids=_FACES, ignore_missing=st.booleans()),
    ),
    min_size=10,
    max_size=40,
).map(lambda commands: [*_MADE, *commands])  # fmt: skip
"""Lists of commands; ids repeat, so that commands meet the same objects."""


def decided(log: Log, commands: Sequence[Command[Any]], renew: bool = True) -> list[Fact]:
    """The facts of those commands that are not refused, each committed by itself.

    Ids are given anew after a deletion (`renew`), as if other faces took their places.
    """
    names: dict[UUID, UUID] = {}
    facts: list[Fact] = []
    for number, command in enumerate(commands):
        store = SessionStore(Session(log), f"r{number}")
        if renew and isinstance(command, CreateFace | CreateList):
            command = _renewed(command, names, number)
        command = _renamed(command, names)
        try:
            COMMANDS[type(command)](command, store)
            batch = store.finish(set())
            facts += log.commit(batch).facts
        except Refusal:
            continue
    return facts


def _renewed(command: Any, names: dict[UUID, UUID], number: int) -> Any:
    name = command.face_id if isinstance(command, CreateFace) else command.list_id
    names[name] = uuid5(name, str(number))
    return command


def _renamed(command: Any, names: dict[UUID, UUID]) -> Any:
    values = {field.name: getattr(command, field.name) for field in fields(command)}
    for name, value in values.items():
        if name in ("face_id", "list_id"):
            values[name] = names.get(value, value)
        elif name in ("face_ids", "list_ids"):
            values[name] = tuple(names.get(v, v) for v in value)
    return type(command)(**values)
