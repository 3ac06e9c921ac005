"""What /sdk, /detector and /extractor are asked with."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, WithJsonSchema

from api.http.fields import REPEATED, Flag, Probability
from domain.policies.detect import DetectPolicy, FaceDetectPolicy, LivenessPolicy
from projections.temporary_attributes import DEFAULT_TTL_S, LONGEST_TTL_S

OneOfThree = Annotated[
    int, Field(ge=0, le=2), WithJsonSchema({"type": "integer", "enum": [0, 1, 2]})
]
MaskNumber = Annotated[
    int, Field(ge=1, le=3), WithJsonSchema({"type": "integer", "enum": [1, 2, 3]})
]
Degrees = Annotated[int, Field(ge=0, le=180)]


class FaceQuestions(BaseModel):
    """The questions about faces that /sdk and /detector share, all off by default."""

    multiface_policy: Annotated[
        OneOfThree, Field(description="0 several faces are refused, 1 allowed, 2 the best only.")
    ] = 1
    estimate_head_pose: Annotated[Flag, Field(description="Pitch, yaw and roll.")] = 0
    estimate_emotions: Annotated[Flag, Field(description="Seven emotions.")] = 0
    estimate_mask: Annotated[Flag, Field(description="Medical mask.")] = 0
    estimate_quality: Annotated[Flag, Field(description="Image quality of the face.")] = 0
    estimate_gaze: Annotated[Flag, Field(description="Where the eyes look.")] = 0
    estimate_eyes_attributes: Annotated[Flag, Field(description="State of the eyes.")] = 0
    estimate_mouth_attributes: Annotated[Flag, Field(description="Mouth: open, hidden.")] = 0
    pitch_threshold: Annotated[Degrees | None, Field(description="Largest pitch.")] = None
    yaw_threshold: Annotated[Degrees | None, Field(description="Largest yaw.")] = None
    roll_threshold: Annotated[Degrees | None, Field(description="Largest roll.")] = None
    use_exif_info: Annotated[Flag, Field(description="Turn upright by EXIF.")] = 1

    def _shared(self) -> dict[str, int | None]:
        names = FaceQuestions.model_fields.keys() - {"use_exif_info"}
        return {name: getattr(self, name) for name in names}


class DetectorQuery(FaceQuestions):
    """The query of `POST /6/detector`."""

    detect_landmarks68: Annotated[Flag, Field(description="68 landmarks.")] = 0
    extract_exif: Annotated[Flag, Field(description="EXIF tags.")] = 0
    warped_image: Annotated[Flag, Field(description="The images are face warps.")] = 0

    def policy(self) -> FaceDetectPolicy:
        """The same as a handler's policy."""
        more = {"detect_landmarks68": self.detect_landmarks68, "extract_exif": self.extract_exif}
        return FaceDetectPolicy.model_validate({**self._shared(), **more})


class SdkQuery(FaceQuestions):
    """The query of `POST /6/sdk`."""

    image_type: Annotated[OneOfThree, Field(description="0 raw, 1 face warp, 2 body warp.")] = 0
    detect_face: Annotated[Flag, Field(description="Look for faces.")] = 0
    detect_body: Annotated[Flag, Field(description="Look for bodies.")] = 0
    estimate_glasses: Annotated[Flag, Field(description="Glasses.")] = 0
    estimate_liveness: Annotated[Flag, Field(description="Liveness.")] = 0
    estimate_landmarks68: Annotated[Flag, Field(description="68 landmarks.")] = 0
    estimate_landmarks5: Annotated[Flag, Field(description="Five landmarks.")] = 0
    estimate_face_descriptor: Annotated[Flag, Field(description="Face descriptor.")] = 1
    estimate_basic_attributes: Annotated[Flag, Field(description="Age, gender.")] = 0
    estimate_body_descriptor: Annotated[Flag, Field(description="Body descriptor.")] = 1
    estimate_body_warp: Annotated[Flag, Field(description="Answer body warps.")] = 0
    estimate_face_warp: Annotated[Flag, Field(description="Answer face warps.")] = 0
    aggregate_attributes: Annotated[Flag, Field(description="One person in all images.")] = 0
    score_threshold: Annotated[Probability, Field(description="Least descriptor score.")] = 0.0
    mask_states: Annotated[
        list[MaskNumber] | None, Field(min_length=1, json_schema_extra=REPEATED)
    ] = None
    liveness_states: Annotated[
        list[OneOfThree] | None, Field(min_length=1, json_schema_extra=REPEATED)
    ] = None

    # Later clients ask for these too.
    extract_exif: Annotated[Flag, Field(description="EXIF tags.")] = 0
    estimate_people_count: Annotated[Flag, Field(description="How many people.")] = 0
    people_count_coordinates: Annotated[Flag, Field(description="And where.")] = 0
    estimate_body_basic_attributes: Annotated[Flag, Field(description="Apparent gender.")] = 0
    estimate_upper_body: Annotated[Flag, Field(description="Upper clothing, headwear.")] = 0
    estimate_lower_body: Annotated[Flag, Field(description="Lower clothing.")] = 0
    estimate_accessories: Annotated[Flag, Field(description="Backpack.")] = 0
    estimate_deepfake: Annotated[Flag, Field(description="Synthesised faces.")] = 0
    deepfake_states: Annotated[
        list[Flag] | None, Field(min_length=1, json_schema_extra=REPEATED)
    ] = None
    estimate_face_occlusion: Annotated[Flag, Field(description="Covered faces.")] = 0
    estimate_image_modification: Annotated[Flag, Field(description="Edited images.")] = 0

    def policy(self) -> DetectPolicy:
        """The same as a handler's policy."""
        names = (
            *("detect_face", "detect_body", "estimate_glasses", "extract_exif"),
            *("mask_states", "liveness_states", "deepfake_states"),
        )
        return DetectPolicy.model_validate(
            {
                **self._shared(),
                **{name: getattr(self, name) for name in names},
                "detect_landmarks68": self.estimate_landmarks68,
                "estimate_liveness": LivenessPolicy(estimate=self.estimate_liveness).as_dict(),
                "estimate_deepfake": {"estimate": self.estimate_deepfake},
                "body_attributes": {
                    "estimate_basic_attributes": self.estimate_body_basic_attributes,
                    "estimate_upper_body": self.estimate_upper_body,
                    "estimate_lower_body": self.estimate_lower_body,
                    "estimate_accessories": self.estimate_accessories,
                },
            }
        )

    @property
    def other_roles(self) -> tuple[str, ...]:
        """Roles that no policy knows, and that must be filled for what is asked."""
        asked = {
            "face_occlusion": self.estimate_face_occlusion,
            "image_modification": self.estimate_image_modification,
        }
        return tuple(role for role, wanted in asked.items() if wanted)


class ExtractorQuery(BaseModel):
    """The query of `POST /6/extractor`."""

    extract_descriptor: Annotated[Flag, Field(description="Face descriptor.")] = 1
    extract_basic_attributes: Annotated[Flag, Field(description="Age, gender.")] = 0
    aggregate_attributes: Annotated[Flag, Field(description="One attribute of all.")] = 0
    score_threshold: Annotated[Probability, Field(description="Least descriptor score.")] = 0.0
    ttl: Annotated[
        int, Field(ge=1, le=LONGEST_TTL_S, description="Lifetime of the attribute, s.")
    ] = DEFAULT_TTL_S


SampleIds = Annotated[list[UUID], Field(min_length=1, max_length=100)]
"""The body of `POST /6/extractor`."""
