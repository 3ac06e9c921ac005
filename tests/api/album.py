"""Photos of known people, taken in by a handler: faces, events and samples of one account."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest

from tests.api.handling import handler, run
from tests.support.running_api import RunningApi
from tests.support.shared import MEDIA, MODELS

PEOPLE = {
    "dad": ("azure/Family1-Dad1.jpg", "azure/Family1-Dad2.jpg", "azure/Family1-Dad3.jpg"),
    "daughter": (
        "azure/Family1-Daughter1.jpg",
        "azure/Family1-Daughter2.jpg",
        "azure/Family1-Daughter3.jpg",
    ),
    "man": ("azure/Family2-Man1.jpg", "azure/Family2-Man2.jpg", "azure/Family2-Man3.jpg"),
    "lady": ("azure/Family2-Lady1.jpg", "azure/Family2-Lady2.jpg", "azure/Family2-Lady3.jpg"),
}


@dataclass(frozen=True, slots=True)
class Album:
    """An account with the photos: its client, and who is on each face and event."""

    client: httpx.Client
    account_id: UUID
    handler_id: str
    person_of: dict[str, str]
    faces: tuple[str, ...]
    events: tuple[str, ...]

    def by_person(self, ids: tuple[str, ...]) -> set[frozenset[str]]:
        """The ids that belong to each person."""
        groups: dict[str, set[str]] = defaultdict(set)
        for one in ids:
            groups[self.person_of[one]].add(one)
        return {frozenset(group) for group in groups.values()}


@contextmanager
def open_album(eyes: RunningApi) -> Iterator[Album]:
    """The photos of all people, one event and one face each, with samples."""
    if not (MEDIA.is_dir() and MODELS.is_dir()):
        pytest.skip("shared media and models are not here")
    account_id = uuid4()
    with eyes.client(account_id) as client:
        yield _filled(client, account_id)


def _filled(client: httpx.Client, account_id: UUID) -> Album:
    handler_id = handler(
        client,
        detect_policy={"multiface_policy": 2},
        storage_policy={"face_policy": {"store_face": 1, "set_sample_as_avatar": 1}},
    )
    person_of: dict[str, str] = {}
    faces, events = [], []
    for person, names in PEOPLE.items():
        query = {"user_data": f"{person}, known", "external_id": person, "track_id": person[:3]}
        for event in run(client, handler_id, *names, **query)["events"]:
            face_id = event["face"]["face_id"]
            person_of[face_id] = person_of[event["event_id"]] = person
            faces.append(face_id)
            events.append(event["event_id"])
    return Album(client, account_id, handler_id, person_of, tuple(faces), tuple(events))
