"""Keeping what a handler made of one request: everything together, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from commands.command import Command, CommandTable
from commands.events import NewEvent, record_events
from commands.faces import give_attributes
from commands.store import Store
from commands.stored_files import NewFile, save_files
from domain.attributes import AttributeContent
from domain.events import MODELS, HandlerEvent, answered
from domain.faces import Face
from domain.images import Image
from domain.lists import FaceList
from domain.log.facts import DescriptorRow
from domain.samples import Sample
from domain.shared.enums import SamplesType


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """One event with what is kept beside it.

    `event.face` is the face to create, in the lists it is to be attached to; `attribute` is what
    that face gets. `descriptors` are the event's own vectors, kept if the event is stored.
    """

    event: HandlerEvent
    create_time: datetime
    end_time: datetime
    notify: bool
    attribute: AttributeContent | None = None
    descriptors: tuple[DescriptorRow, ...] = ()
    callbacks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRecognitions(Command[dict[str, Any]]):
    """Keep what a handler made of one request; answers the whole body of the response.

    The bytes of all files are in the blob store already. `answer` is the rest of the body,
    `models` says which networks made the results and is kept with every stored event.
    """

    tells: ClassVar[bool] = True
    handler_id: UUID
    request_id: str
    recognitions: tuple[Recognition, ...]
    answer: Mapping[str, Any]
    models: Mapping[str, Any]
    face_samples: tuple[NewFile, ...] = ()
    body_samples: tuple[NewFile, ...] = ()
    images: tuple[NewFile, ...] = ()

    @property
    def files(self) -> tuple[NewFile, ...]:
        """Every file that is kept."""
        return (*self.face_samples, *self.body_samples, *self.images)


def store_recognitions(cmd: StoreRecognitions, store: Store) -> dict[str, Any]:
    """Make files, faces and events; a list that is gone is left out of the faces' lists."""
    faces, bodies = SamplesType.FACES.value, SamplesType.BODIES.value
    save_files(Sample, cmd.face_samples, cmd.account_id, store, sample_type=faces)
    save_files(Sample, cmd.body_samples, cmd.account_id, store, sample_type=bodies)
    save_files(Image, cmd.images, cmd.account_id, store)
    there = _lists_that_are_there(cmd, store)
    events = []
    for recognition in cmd.recognitions:
        event = _with_face(recognition, there, cmd.account_id, store)
        generated = {**event.recorded(), MODELS: dict(cmd.models)}
        events.append(
            NewEvent(
                event_id=event.event_id,
                handler_id=cmd.handler_id,
                generated=generated,
                create_time=recognition.create_time,
                end_time=recognition.end_time,
                store=event.stored,
                notify=recognition.notify,
                descriptors=recognition.descriptors,
                callbacks=recognition.callbacks,
            )
        )
    record_events(events, cmd.account_id, cmd.request_id, store)
    return {**cmd.answer, "events": [answered(event.generated) for event in events]}


def _lists_that_are_there(cmd: StoreRecognitions, store: Store) -> frozenset[UUID]:
    faces = (recognition.event.face for recognition in cmd.recognitions)
    wanted = dict.fromkeys(i for face in faces if face is not None for i in face.lists)
    found = store.find_many(FaceList, list(wanted), cmd.account_id) if wanted else []
    return frozenset(one.id for one in found if not one.retired)


def _with_face(
    recognition: Recognition, there: frozenset[UUID], account_id: UUID, store: Store
) -> HandlerEvent:
    """The event with its face as it was created."""
    event, wanted = recognition.event, recognition.event.face
    if wanted is None:
        return event
    face = Face.with_id(
        wanted.face_id,
        account_id=account_id,
        user_data=wanted.user_data,
        external_id=wanted.external_id,
        avatar=wanted.avatar,
        event_id=wanted.event_id,
    )
    if recognition.attribute is not None:
        give_attributes(face, recognition.attribute, store)
    lists = [list_id for list_id in wanted.lists if list_id in there]
    for list_id in lists:
        face.attach(list_id)
    store.save(face)
    made = replace(wanted, create_time=face.create_time, lists=tuple(lists))
    return replace(event, face=made)


COMMANDS: CommandTable = {StoreRecognitions: store_recognitions}
