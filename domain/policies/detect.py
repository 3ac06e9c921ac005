"""The detect policy: what is looked for, what is estimated of it, and what is dropped at once."""

from typing import Annotated, Literal

from domain.policies.quality import FaceQualityPolicy
from domain.shared.fields import (
    DeepfakeId,
    Degrees,
    Flag,
    Integer,
    LivenessId,
    MaskId,
    Probability,
    Record,
)

MultifaceId = Annotated[Literal[0, 1, 2], Integer]
"""0 several faces are refused, 1 allowed, 2 only the best detection counts."""

FaceOcclusionId = Annotated[Literal[0, 1], Integer]
"""0 not covered, 1 covered."""


class LivenessPolicy(Record):
    """Whether liveness is estimated, and how it is judged."""

    estimate: Flag = 0
    liveness_threshold: Probability = 0.5
    quality_threshold: Probability = 0.5


class DeepfakePolicy(Record):
    """Whether it is estimated that a face was synthesised, and how it is judged."""

    estimate: Flag = 0
    real_threshold: Probability = 0.5
    mode: Annotated[Literal[1, 2], Integer] = 2


class FaceOcclusionPolicy(Record):
    """Whether it is estimated how far a face is covered, and how that is judged."""

    estimate: Flag = 0
    occlusion_threshold: Probability = 0.07
    lower_face_threshold: Probability = 0.2
    forehead_threshold: Probability = 0.2
    eye_threshold: Probability = 0.15
    nose_threshold: Probability = 0.2
    mouth_threshold: Probability = 0.15
    hair_occlusion_threshold: Probability = 0.15


class PeopleCountPolicy(Record):
    """Whether the people in an image are counted, and whether it is told where they are."""

    estimate: Flag = 0
    people_coordinates: Flag = 1


class BodyAttributesPolicy(Record):
    """What is estimated of bodies."""

    estimate_basic_attributes: Flag = 0
    estimate_upper_body: Flag = 0
    estimate_lower_body: Flag = 0
    estimate_accessories: Flag = 0


class FaceDetectPolicy(Record):
    """What is estimated of faces and which are dropped; the whole policy of verifiers."""

    multiface_policy: MultifaceId = 1
    estimate_head_pose: Flag = 0
    estimate_emotions: Flag = 0
    estimate_mask: Flag = 0
    estimate_quality: Flag = 0
    estimate_gaze: Flag = 0
    estimate_eyes_attributes: Flag = 0
    estimate_mouth_attributes: Flag = 0
    detect_landmarks68: Flag = 0
    extract_exif: Flag = 0
    yaw_threshold: Degrees | None = None
    roll_threshold: Degrees | None = None
    pitch_threshold: Degrees | None = None
    mask_states: tuple[MaskId, ...] | None = None
    estimate_liveness: LivenessPolicy = LivenessPolicy()
    liveness_states: tuple[LivenessId, ...] | None = None
    face_quality: FaceQualityPolicy = FaceQualityPolicy()
    estimate_deepfake: DeepfakePolicy = DeepfakePolicy()
    deepfake_states: tuple[DeepfakeId, ...] | None = None
    estimate_glasses: Flag = 0
    estimate_face_occlusion: FaceOcclusionPolicy = FaceOcclusionPolicy()
    face_occlusion_states: tuple[FaceOcclusionId, ...] | None = None


class DetectPolicy(FaceDetectPolicy):
    """What handlers look for in images: faces, bodies, or both."""

    detect_face: Flag = 1
    detect_body: Flag = 0
    body_attributes: BodyAttributesPolicy = BodyAttributesPolicy()
    estimate_people_count: PeopleCountPolicy = PeopleCountPolicy()
