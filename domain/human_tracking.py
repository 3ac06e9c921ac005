"""The analytic that this installation's own agent computes: people followed through a video."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from domain.analytics import AnalyticContent
from domain.shared.callbacks import MOST_CALLBACKS, SignedCallback
from domain.shared.fields import Absent, Id, Record
from domain.streams_content.parts import (
    WHOLE_FRAME,
    Authorization,
    HealthcheckPolicy,
    PrimaryTrackPolicy,
    Region,
)
from domain.streams_content.v2 import Filtering, Liveness, Sending

HUMAN_TRACKING: Final = "human_tracking"
EVERYBODYS: Final = UUID(int=0)
"""The account that what is there for everybody is shown with."""

Target = Literal[
    "face_detection", "body_detection", "head_pose", "ags", "aggregated_face_samples",
    "aggregated_body_samples",
]  # fmt: skip
FACE_TARGETS: Final = frozenset({"face_detection", "head_pose", "ags", "aggregated_face_samples"})
BODY_TARGETS: Final = frozenset({"body_detection", "aggregated_body_samples"})


class EventPolicy(Record):
    """The handler that makes events of people, out of their samples.

    Without authorization it is asked in the name of the stream's account.
    """

    source: Literal["samples"] = "samples"
    handler_id: Id
    authorization: Absent[Authorization] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        said = self.authorization
        if said is not None and (said.token is None) == (said.account_id is None):
            raise ValueError("authorization holds a token or an account_id")
        return self


class TrackingParameters(Record):
    """How people are followed: which sightings count, and when their best shots are sent.

    `probe_count` is how often somebody must have been seen to be told of.
    """

    probe_count: Annotated[int, Field(strict=True, ge=1, le=1000)] = 2
    event_policy: EventPolicy | None = None
    droi: Region = WHOLE_FRAME
    filtering: Filtering = Filtering()
    sending: Sending = Sending()
    primary_track_policy: PrimaryTrackPolicy = PrimaryTrackPolicy()
    healthcheck: HealthcheckPolicy = HealthcheckPolicy()
    liveness: Liveness = Liveness()


class HumanTracking(Record):
    """Whose faces and bodies are looked for, and what becomes of them.

    Callbacks are sent the events that the handler makes of people; of their types `http` alone
    is taken, since the handler's own policies notify subscribers and keep events.
    """

    targets: Annotated[tuple[Target, ...], Field(min_length=1, max_length=6)] = ("face_detection",)
    callbacks: Annotated[tuple[SignedCallback, ...], Field(max_length=MOST_CALLBACKS)] = ()
    parameters: TrackingParameters = TrackingParameters()


_TEXT: Final = """\
Follows the faces and bodies of people through a video.

`targets` say whose: targets of faces, of bodies, or of both. What is seen is told to the
subscribers of the stream's web socket. With an `event_policy` the best shots of a person go to
a handler, which makes events of them: faces need the target aggregated_face_samples, bodies
aggregated_body_samples. Each of the `callbacks` is sent every such event; with a `secret` the
messages are signed.
"""

OWN_ANALYTICS: Final[tuple[tuple[UUID, AnalyticContent], ...]] = (
    (
        UUID("c4f1a2b0-2f0b-5d11-9b7a-6e1f0d3c8a01"),
        AnalyticContent(
            analytic_name=HUMAN_TRACKING,
            description="Follows people's faces and bodies",
            validation_schema=HumanTracking.model_json_schema(),
            default_parameters=HumanTracking().as_dict(),
            documentation=_TEXT,
        ),
    ),
)
"""What is there for everybody, with ids that never change."""

OWN_NAMES: Final = frozenset(content.analytic_name for _, content in OWN_ANALYTICS)
OWN_SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
