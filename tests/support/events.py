"""Rich events as handlers record them, with whatever a test wants to say."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.recognitions import EventRecorded

COLOURS = ["black", "blue", "red", "multicolored"]


def rich_event(event_id: UUID | None = None, **parts: Any) -> dict[str, Any]:
    """The contract's GeneratedEvent with these parts and nothing else known."""
    event_id = event_id or uuid4()
    return {
        "event_id": str(event_id),
        "url": f"/6/events/{event_id}",
        "face_attributes": None,
        "body_attributes": None,
        "source": None,
        "tags": [],
        "external_id": "",
        "user_data": "",
        "face": None,
        "matches": [],
        "location": {},
        "detections": [],
        "track_id": None,
        "aggregate_estimations": {"face": {"attributes": {}}, "body": {"attributes": {}}},
        "stream_id": None,
        "meta": None,
        **parts,
    }


def recorded(
    account_id: UUID,
    generated: dict[str, Any] | None,
    *,
    event_id: UUID | None = None,
    handler_id: UUID | None = None,
    create_time: datetime | None = None,
    end_time: datetime | None = None,
    notify: bool = True,
    descriptor_ids: dict[str, dict[int, UUID]] | None = None,
) -> EventRecorded:
    """The fact that a handler recorded this event."""
    now = datetime.now(UTC)
    if event_id is None:
        event_id = UUID(generated["event_id"]) if generated else uuid4()
    return EventRecorded(
        originator_id=event_id,
        originator_version=1,
        timestamp=now,
        account_id=account_id,
        handler_id=handler_id,
        create_time=create_time or now,
        end_time=end_time or create_time or now,
        generated=generated,
        descriptor_ids=descriptor_ids or {},
        notify=notify,
    )


class EventPool:
    """Makes events of few different values, so that filters meet and miss them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.ids = [UUID(int=self._random.getrandbits(128), version=4) for _ in range(8)]
        self.start = datetime(2026, 3, 1, tzinfo=UTC)

    def one(self, account_id: UUID) -> EventRecorded:
        """An event with some things known and others not."""
        some, maybe = self._random.choice, self._maybe
        create_time = self.start + timedelta(hours=self._random.randrange(48))
        event_id = UUID(int=self._random.getrandbits(128), version=4)
        generated = rich_event(
            event_id,
            source=maybe("gate", "hall", "yard"),
            tags=self._random.sample(["a", "b", "c"], self._random.randrange(4)),
            external_id=some(["", "A-1", "A-2"]),
            user_data=some(["", "Ann", "Anna Lee", "Bob"]),
            track_id=maybe("t1", "t2"),
            stream_id=maybe(*map(str, self.ids[:2])),
            meta=maybe({"foo": "bar", "n": {"size": 3}}, {"foo": "baz", "n": {"size": 7.5}}, {}),
            face=self._face(),
            face_attributes=self._face_attributes(),
            matches=self._matches(),
            location=self._location(),
            detections=[self._detection() for _ in range(self._random.randrange(3))],
            aggregate_estimations={
                "face": {"attributes": self._face_estimations()},
                "body": {"attributes": self._body_estimations()},
            },
        )
        return recorded(
            account_id,
            generated,
            handler_id=some(self.ids[:3]),
            create_time=create_time,
            end_time=create_time + timedelta(minutes=self._random.randrange(120)),
        )

    def _maybe(self, *values: Any) -> Any:
        return self._random.choice([None, *values])

    def _face(self) -> dict[str, Any] | None:
        face_id = self._maybe(*self.ids[3:5])
        lists = [str(i) for i in self.ids[:2]]
        return face_id and {"face_id": str(face_id), "lists": lists}

    def _face_attributes(self) -> dict[str, Any] | None:
        group = self._random.choice(["african_american", "indian", "asian", "caucasian"])
        basic = {
            "age": self._random.randrange(10, 60, 10),
            "gender": self._random.randrange(2),
            "ethnicities": {"predominant_ethnicity": group, "estimations": {}},
        }
        return self._maybe({"score": 0.9, "basic_attributes": basic})

    def _matches(self) -> list[dict[str, Any]]:
        return [
            {
                "label": label,
                "candidates": [
                    {
                        self._random.choice(["face", "event"]): self._candidate(),
                        "similarity": self._random.choice([0.25, 0.5, 0.75]),
                    }
                    for _ in range(self._random.randrange(3))
                ],
            }
            for label in self._random.sample(["good", "bad"], self._random.randrange(3))
        ]

    def _candidate(self) -> dict[str, Any]:
        found = str(self._random.choice(self.ids[5:]))
        external_id = self._random.choice(["", "X", "Y"])
        return {"face_id": found, "event_id": found, "external_id": external_id}

    def _location(self) -> dict[str, Any]:
        location: dict[str, Any] = {
            place: self._maybe(f"{place} 1", f"{place} 2")
            for place in ("city", "area", "district", "street", "house_number")
        }
        if self._random.random() < 0.6:
            position = {"longitude": self._maybe(10.0, 10.1, -179.999), "latitude": 50.0}
            location["geo_position"] = position if position["longitude"] is not None else None
        return location

    def _face_estimations(self) -> dict[str, Any]:
        said = {
            "emotions": {"predominant_emotion": self._random.choice(["anger", "neutral"])},
            "mask": {"predominant_mask": self._random.choice(["missing", "medical_mask"])},
            "liveness": {"prediction": self._random.choice(["spoof", "real", "unknown"])},
            "deepfake": {"prediction": self._random.choice(["fake", "real"])},
        }
        return {name: one for name, one in said.items() if self._random.random() < 0.6}

    def _body_estimations(self) -> dict[str, Any]:
        some = self._random.choice
        said = {
            "basic_attributes": {"apparent_age": some([20, 40]), "apparent_gender": some([0, 2])},
            "upper_body": {
                "headwear": {"state": some([0, 1]), "apparent_color": some(["black", "other"])},
                "sleeve": {"length": some(["short", "long"])},
                "upper_clothing": {"colors": self._random.sample(COLOURS, 2)},
            },
            "lower_body": {
                "lower_garment": {
                    "type": some(["trousers", "skirt"]),
                    "colors": self._random.sample(COLOURS, 1),
                },
                "shoes": {"apparent_color": some(["white", "undefined"])},
            },
            "accessories": {"backpack": {"state": some([0, 1, 2])}},
        }
        return {name: one for name, one in said.items() if self._random.random() < 0.6}

    def _detection(self) -> dict[str, Any]:
        rect = {"x": 1, "y": 2, "width": 30, "height": 40}
        face = {
            "sample_id": str(self.ids[0]),
            "detection": {"rect": rect, "attributes": self._face_estimations()},
        }
        return {
            "filename": "a.jpg",
            "samples": {"face": self._maybe(face), "body": None},
            "detect_time": "2026-03-01T00:00:00Z",
            "detect_ts": None,
            "image_origin": None,
        }
