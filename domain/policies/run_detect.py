"""Running the detect policy: what the networks must do, and which faces go on."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Final

from domain.policies.detect import DetectPolicy, FaceDetectPolicy
from domain.policies.quality import QualityVerdict, judge
from domain.policies.reasons import FilterReason
from domain.shared.detections import DetectWanted, FoundFace, Human, ImageDetections
from domain.shared.enums import CheckStatus, DeepfakeState, LivenessState, MultifacePolicy
from domain.shared.estimations import LIVENESS_IDS, MASK_IDS
from domain.shared.image_refusals import MultipleFaces

_OF_FLAG: Final[Mapping[str, str]] = {
    "estimate_head_pose": "head_pose",
    "estimate_emotions": "emotions",
    "estimate_mask": "mask",
    "estimate_quality": "quality",
    "estimate_gaze": "gaze",
    "estimate_eyes_attributes": "eyes_attributes",
    "estimate_mouth_attributes": "mouth_attributes",
    "estimate_glasses": "glasses",
    "detect_landmarks68": "landmarks68",
}
_OF_BODY_FLAG: Final[Mapping[str, str]] = {
    "estimate_basic_attributes": "body_basic_attributes",
    "estimate_upper_body": "upper_body",
    "estimate_lower_body": "lower_body",
    "estimate_accessories": "accessories",
}
_OF_CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "quality": (
        *("illumination_quality", "specularity_quality", "blurriness_quality"),
        *("dark_quality", "light_quality"),
    ),
    "head_pose": ("head_yaw", "head_pitch", "head_roll"),
    "gaze": ("gaze_yaw", "gaze_pitch"),
    "mouth_attributes": ("mouth_smiling", "mouth_occluded", "mouth_open", "smile_properties"),
    "eyes_attributes": ("left_eye", "right_eye"),
    "glasses": ("glasses",),
    "emotions": ("eyebrows_state",),
    "mask": ("lower_face_occlusion",),
}
"""The checks of face quality that judge an estimation; the others are measured for themselves."""

_ESTIMATIONS: Final = frozenset(field.name for field in fields(DetectWanted))
_NO_TURN: Final = 180


def shown_estimations(policy: FaceDetectPolicy) -> frozenset[str]:
    """The estimations that answers and events show, by the names of `DetectWanted`."""
    shown = {name for flag, name in _OF_FLAG.items() if getattr(policy, flag)}
    if policy.estimate_liveness.estimate:
        shown.add("liveness")
    if policy.estimate_deepfake.estimate:
        shown.add("deepfake")
    if policy.estimate_face_occlusion.estimate:
        shown.add("face_occlusion")
    if isinstance(policy, DetectPolicy):
        of_body = policy.body_attributes
        shown |= {name for flag, name in _OF_BODY_FLAG.items() if getattr(of_body, flag)}
        if policy.estimate_people_count.estimate:
            shown.add("people_count")
    return frozenset(shown)


def needed_estimations(policy: FaceDetectPolicy) -> frozenset[str]:
    """The estimations that are made: those shown, and those that filters and checks judge."""
    return shown_estimations(policy).union(_judged_by(policy))


def impossible_estimations(policy: FaceDetectPolicy) -> list[str]:
    """Those of the needed estimations that no network can be asked for, sorted."""
    return sorted(needed_estimations(policy) - _ESTIMATIONS)


def quality_verdict(policy: FaceDetectPolicy, face: FoundFace) -> QualityVerdict | None:
    """The outcome of the face quality checks; None when they are not wanted, or for a warp."""
    if face.measured is None or "face_quality" not in needed_estimations(policy):
        return None
    return judge(policy.face_quality.checks, face.measured)


def detect_wanted(policy: FaceDetectPolicy, *, use_exif_orientation: bool = True) -> DetectWanted:
    """What the networks are asked for."""
    asked = {name: True for name in needed_estimations(policy) & _ESTIMATIONS}
    return DetectWanted(
        faces=not isinstance(policy, DetectPolicy) or bool(policy.detect_face),
        bodies=isinstance(policy, DetectPolicy) and bool(policy.detect_body),
        landmarks5=True,
        exif=bool(policy.extract_exif),
        use_exif_orientation=use_exif_orientation,
        best_face_only=_several(policy) is MultifacePolicy.BEST_ONLY,
        liveness_threshold=policy.estimate_liveness.liveness_threshold,
        liveness_quality_threshold=policy.estimate_liveness.quality_threshold,
        **asked,
    )


def people(
    policy: FaceDetectPolicy, found: ImageDetections, *, aggregate: bool = False
) -> tuple[Human, ...]:
    """Those of an image who count, best first; several faces are refused where only one may be.

    An image whose person is to be one with that of other images may not show two.
    """
    if _several(policy) is MultifacePolicy.BEST_ONLY:
        return found.humans[:1]
    alone = aggregate or _several(policy) is MultifacePolicy.FORBIDDEN
    if alone and len(found.faces) > 1:
        boxes = [face.box.as_dict() for face in found.faces if face.box is not None]
        raise MultipleFaces(found.filename, boxes)
    return found.humans


def filter_reasons(
    policy: FaceDetectPolicy,
    face: FoundFace,
    *,
    quality: QualityVerdict | None = None,
    deepfake: DeepfakeState | None = None,
) -> tuple[FilterReason, ...]:
    """Why the policy drops a face; empty when it goes on.

    Turned heads are dropped when it is known how far they are turned. A state that could not be
    estimated is none of the wanted ones, but liveness then counts as unknown.
    """
    return (*_turned(policy, face), *_states(policy, face, deepfake), *_poor(policy, quality))


def as_shown(policy: FaceDetectPolicy, face: FoundFace) -> FoundFace:
    """The face without estimations that were made only to judge it."""
    shown = shown_estimations(policy)
    hidden = {field.name: None for field in fields(face.estimations) if field.name not in shown}
    return replace(
        face,
        quality=face.quality if "quality" in shown else None,
        landmarks68=face.landmarks68 if "landmarks68" in shown else None,
        estimations=replace(face.estimations, **hidden),
    )


def _several(policy: FaceDetectPolicy) -> MultifacePolicy:
    return MultifacePolicy(policy.multiface_policy)


def _judged_by(policy: FaceDetectPolicy) -> Iterator[str]:
    if any(threshold < _NO_TURN for _, threshold in _turn_thresholds(policy)):
        yield "head_pose"
    if policy.mask_states is not None:
        yield "mask"
    if policy.liveness_states is not None:
        yield "liveness"
    if policy.deepfake_states is not None:
        yield "deepfake"
    if policy.face_occlusion_states is not None:
        yield "face_occlusion"
    if policy.face_quality.estimate or policy.face_quality.filter:
        yield "face_quality"
        wanted = policy.face_quality.checks.wanted()
        for estimation, checks in _OF_CHECKS.items():
            if not wanted.keys().isdisjoint(checks):
                yield estimation


def _turn_thresholds(policy: FaceDetectPolicy) -> Iterator[tuple[str, int]]:
    """The angles that are limited, each with its limit; 180 degrees is none."""
    for angle in ("pitch", "yaw", "roll"):
        threshold: int | None = getattr(policy, f"{angle}_threshold")
        if threshold is not None and threshold < _NO_TURN:
            yield angle, threshold


def _turned(policy: FaceDetectPolicy, face: FoundFace) -> Iterator[FilterReason]:
    if (pose := face.estimations.head_pose) is None:
        return
    for angle, threshold in _turn_thresholds(policy):
        value: float = getattr(pose, angle)
        if abs(value) > threshold:
            yield FilterReason(f"{angle}_threshold", round(value, 3), threshold)


def _states(
    policy: FaceDetectPolicy, face: FoundFace, deepfake: DeepfakeState | None
) -> Iterator[FilterReason]:
    mask, liveness = face.estimations.mask, face.estimations.liveness
    state = LivenessState.UNKNOWN if liveness is None else LIVENESS_IDS[liveness.prediction]
    checks = (
        ("mask_states", policy.mask_states, None if mask is None else MASK_IDS[mask.predominant()]),
        ("liveness_states", policy.liveness_states, int(state)),
        ("deepfake_states", policy.deepfake_states, None if deepfake is None else int(deepfake)),
    )
    for name, wanted, value in checks:
        if wanted is not None and value not in wanted:
            yield FilterReason(name, "unknown" if value is None else value, tuple(wanted))


def _poor(policy: FaceDetectPolicy, quality: QualityVerdict | None) -> Iterator[FilterReason]:
    if policy.face_quality.filter and quality is not None and not quality.status:
        yield FilterReason("face_quality", int(quality.status), int(CheckStatus.PASSED))
