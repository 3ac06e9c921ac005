"""From persons to events: what answers, subscribers and the log are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from api.pipelines.decide import Decided
from api.pipelines.kept_files import KeptFiles
from api.pipelines.people import BODY, FACE, Person, Sighting
from api.pipelines.shown import body_shown, face_shown
from commands.recognitions import Recognition
from domain.attributes import AttributeContent, DescriptorData
from domain.events import (
    EventBodyAttributes,
    EventDetection,
    EventFace,
    EventFaceAttributes,
    EventSample,
    HandlerEvent,
    Location,
)
from domain.log.facts import DescriptorRow
from domain.policies.detect import FaceDetectPolicy
from domain.policies.policies import Policies
from domain.policies.run_detect import as_shown, quality_verdict
from domain.policies.run_extract import estimations_together
from domain.shared.detections import FaceEstimations, FoundFace
from domain.shared.estimations import ETHNICITY_IDS, BasicAttributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the request says of all its events; `now` is when it came."""

    now: datetime
    create_time: datetime
    end_time: datetime
    external_id: str = ""
    user_data: str = ""
    source: str | None = None
    track_id: str | None = None
    stream_id: UUID | None = None
    tags: tuple[str, ...] = ()
    location: Location = field(default_factory=Location)
    meta: Mapping[str, Any] | None = None
    aggregate: bool = False


def attribute_of(person: Person, kept: KeptFiles) -> AttributeContent | None:
    """What a temporary attribute or a face takes of a person; None where there is nothing."""
    descriptor = person.descriptors.get(FACE)
    if descriptor is None and person.basic is None:
        return None
    samples = _samples(kept.face_ids, person)
    descriptors: tuple[DescriptorData, ...] = ()
    if descriptor is not None:
        descriptors = (DescriptorData(descriptor.version, descriptor.data),)
    return AttributeContent(
        descriptors,
        None if person.basic is None else _numbers(person.basic),
        samples if descriptors else (),
        samples if person.basic is not None else (),
    )


def face_attributes_of(
    person: Person, attribute_id: UUID | None, kept: KeptFiles
) -> EventFaceAttributes | None:
    """What was extracted of a face, as events tell it; None where nothing was."""
    score = person.scores.get(FACE)
    if score is None and person.basic is None and FACE not in person.descriptors:
        return None
    return EventFaceAttributes(
        score=score,
        samples=_samples(kept.face_ids, person),
        basic_attributes=person.basic,
        attribute_id=attribute_id,
        reason=person.poor,
    )


def detection_shown(policy: FaceDetectPolicy, face: FoundFace) -> dict[str, Any]:
    """The contract's `FaceDetection` of a face that is shown as it is, with its verdict."""
    shown = face_shown(face)
    if (verdict := quality_verdict(policy, face)) is not None:
        shown["face_quality"] = verdict.as_dict()
    return shown


class Composer:
    """Makes the events of one request."""

    def __init__(self, account_id: UUID, policies: Policies, told: Told, kept: KeptFiles) -> None:
        self._account_id = account_id
        self._policy = policies.detect_policy
        self._told = told
        self._kept = kept

    def recognition(self, decided: Decided, attribute_id: UUID | None) -> Recognition:
        """The event of one person with what is kept beside it."""
        event_id, person, told = uuid4(), decided.person, self._told
        makes_face = decided.plan.face and person.has_face
        return Recognition(
            event=HandlerEvent(
                event_id=event_id,
                stored=decided.plan.event,
                detections=tuple(self._detection(one) for one in person.sightings),
                face_attributes=face_attributes_of(person, attribute_id, self._kept),
                body_attributes=self._body_attributes(person),
                face=self._face(decided, event_id) if makes_face else None,
                matches=decided.matches,
                face_estimations=self._together(person),
                tags=decided.tags,
                source=told.source,
                external_id=told.external_id,
                user_data=told.user_data,
                location=told.location,
                track_id=told.track_id,
                stream_id=told.stream_id,
                meta=told.meta,
            ),
            create_time=told.create_time,
            end_time=told.end_time,
            notify=decided.plan.notify,
            attribute=attribute_of(person, self._kept) if makes_face else None,
            descriptors=tuple(
                DescriptorRow(uuid4(), event_id, kind.value, found.version, found.data)
                for kind, found in person.descriptors.items()
            ),
            callbacks=tuple(one.as_sent() for one in decided.plan.callbacks),
        )

    def _detection(self, sighting: Sighting) -> EventDetection:
        asked = sighting.image.loaded.asked
        face, body = sighting.human.face, sighting.human.body
        of_face = of_body = None
        if face is not None:
            shown = detection_shown(self._policy, self._visible(face))
            of_face = EventSample("faces", shown, self._kept.face_ids.get(sighting))
        if body is not None:
            of_body = EventSample("bodies", body_shown(body), self._kept.body_ids.get(sighting))
        return EventDetection(
            filename=asked.filename,
            detect_time=asked.detect_time or self._told.now,
            face=of_face,
            body=of_body,
            detect_ts=asked.detect_ts,
            image_origin=asked.image_origin or self._kept.origins.get(sighting.place),
        )

    def _visible(self, face: FoundFace) -> FoundFace:
        """The face as the policy shows it; what all images tell together is not told of each."""
        shown = as_shown(self._policy, face)
        if not self._told.aggregate:
            return shown
        alone = replace(shown.estimations, emotions=None, mask=None, liveness=None)
        return replace(shown, estimations=alone)

    def _together(self, person: Person) -> FaceEstimations | None:
        if not self._told.aggregate or not person.faces:
            return None
        return estimations_together(
            [as_shown(self._policy, face).estimations for face in person.faces]
        )

    def _body_attributes(self, person: Person) -> EventBodyAttributes | None:
        score = person.scores.get(BODY)
        if score is None:
            return None
        return EventBodyAttributes(score, _samples(self._kept.body_ids, person))

    def _face(self, decided: Decided, event_id: UUID) -> EventFace:
        """The face to create; its avatar is the first face sample."""
        samples = _samples(self._kept.face_ids, decided.person)
        avatar = f"/6/samples/faces/{samples[0]}" if decided.plan.avatar and samples else ""
        return EventFace(
            face_id=uuid4(),
            account_id=self._account_id,
            event_id=event_id,
            create_time=self._told.now,
            user_data=self._told.user_data,
            external_id=self._told.external_id,
            avatar=avatar,
            lists=decided.plan.list_ids,
        )


def _samples(ids: Mapping[Sighting, UUID], person: Person) -> tuple[UUID, ...]:
    found: Sequence[UUID] = [ids[one] for one in person.sightings if one in ids]
    return tuple(dict.fromkeys(found))


def _numbers(basic: BasicAttributes) -> dict[str, int]:
    """Basic attributes as attributes and faces hold them: numbers of the enumerations."""
    shown = basic.as_dict()
    numbers = {"age": shown["age"], "gender": shown["gender"]}
    if basic.ethnicities is not None:
        numbers["ethnicity"] = ETHNICITY_IDS[basic.ethnicities.predominant()]
    return numbers
