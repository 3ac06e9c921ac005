"""What events that clients made themselves say of detections and estimations."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.body_attributes import (
    Accessories,
    BodyBasicAttributes,
    LowerBody,
    UpperBody,
)
from api.schemas.check_results import ChecksResult
from domain.shared.fields import (
    Absent,
    Age,
    GenderId,
    Id,
    Number,
    Probability,
    Record,
    Text,
    Time,
    Whole,
)

Size = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
Point = Annotated[list[Whole], Field(min_length=2, max_length=2)]
EmotionName = Literal["anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"]
MaskName = Literal["missing", "medical_mask", "occluded"]
EthnicityName = Literal["african_american", "indian", "asian", "caucasian"]
OcclusionName = Literal["full", "clear", "correct", "partially", "mouth", "chin"]


class Rect(Record):
    """A detection's place in the image, in pixels."""

    x: Whole
    y: Whole
    width: Size
    height: Size


class HeadPose(Record):
    """How a head is turned, in degrees."""

    pitch: Number
    roll: Number
    yaw: Number


class Gaze(Record):
    """Where both eyes look, in degrees."""

    yaw: Number
    pitch: Number


class EmotionScores(Record):
    """The probability of each emotion."""

    anger: Probability
    disgust: Probability
    fear: Probability
    happiness: Probability
    neutral: Probability
    sadness: Probability
    surprise: Probability


class Emotions(Record):
    """Emotions, and the most probable one."""

    predominant_emotion: EmotionName
    estimations: EmotionScores


class MaskScores(Record):
    """The probability of each mask state."""

    medical_mask: Probability
    missing: Probability
    occluded: Probability


class OcclusionScores(Record):
    """The probability of each way to be covered."""

    full: Absent[Probability] = None
    clear: Absent[Probability] = None
    correct: Absent[Probability] = None
    partially: Absent[Probability] = None
    mouth: Absent[Probability] = None
    chin: Absent[Probability] = None


class FaceOcclusion(Record):
    """How a face is covered."""

    predominant_occlusion: Absent[OcclusionName] = None
    estimations: Absent[OcclusionScores] = None


class Mask(Record):
    """Mask states, and the most probable one."""

    predominant_mask: MaskName
    estimations: MaskScores
    face_occlusion: Absent[FaceOcclusion] = None


class Glasses(Record):
    """What is worn over the eyes."""

    glasses: Literal["eyeglasses", "sunglasses", "no_glasses"]


class MouthAttributes(Record):
    """What the mouth does."""

    opened: Absent[Probability] = None
    occluded: Probability
    smile: Probability
    score: Probability


class Eye(Record):
    """One eye."""

    state: Literal["open", "closed", "occluded"]
    iris_landmarks: Absent[Annotated[list[Point], Field(min_length=32, max_length=32)]] = None


class EyesAttributes(Record):
    """Both eyes."""

    left_eye: Eye
    right_eye: Eye


class LivenessScores(Record):
    """How fit the image was, and how probable a living person is."""

    quality: Probability
    score: Probability


class Liveness(Record):
    """Whether a living person stood before the camera."""

    prediction: Literal["spoof", "real", "unknown"]
    estimations: LivenessScores


class Deepfake(Record):
    """Whether the face was synthesised."""

    prediction: Literal["fake", "real"]
    score: Probability


class EthnicityScores(Record):
    """The probability of each ethnic group."""

    asian: Probability
    indian: Probability
    caucasian: Probability
    african_american: Probability


class Ethnicities(Record):
    """Ethnic groups, and the most probable one."""

    predominant_ethnicity: EthnicityName
    estimations: EthnicityScores


class BasicAttributes(Record):
    """Age in years, gender and ethnic groups."""

    age: Age
    gender: GenderId
    ethnicities: Ethnicities


class LastingEstimations(Record):
    """What can be told of a face over several images; only what was asked for is there."""

    emotions: Absent[Emotions] = None
    mask: Absent[Mask] = None
    liveness: Absent[Liveness] = None
    deepfake: Absent[Deepfake] = None
    basic_attributes: Absent[BasicAttributes] = None


class FaceEstimations(LastingEstimations):
    """What was estimated of a face in one image."""

    eyes_attributes: Absent[EyesAttributes] = None
    head_pose: Absent[HeadPose] = None
    gaze: Absent[Gaze] = None
    glasses: Absent[Glasses] = None
    mouth_attributes: Absent[MouthAttributes] = None


class Quality(Record):
    """Image quality of a face."""

    blurriness: Probability
    dark: Probability
    illumination: Probability
    specularity: Probability
    light: Probability


class FaceDetection(Record):
    """A face in an image; a face given as a warp has no rectangle and no landmarks."""

    rect: Absent[Rect] = None
    landmarks5: Absent[Annotated[list[Point], Field(max_length=5)]] = None
    landmarks68: Absent[Annotated[list[Point], Field(max_length=68)]] = None
    quality: Absent[Quality] = None
    attributes: Absent[FaceEstimations] = None
    face_quality: Absent[ChecksResult] = None


class BodyEstimations(Record):
    """What was estimated of a body."""

    basic_attributes: Absent[BodyBasicAttributes] = None
    upper_body: Absent[UpperBody] = None
    lower_body: Absent[LowerBody] = None
    accessories: Absent[Accessories] = None


class BodyDetection(Record):
    """A body in an image."""

    rect: Absent[Rect] = None
    attributes: Absent[BodyEstimations] = None


class FaceSample(Record):
    """A face that was detected, and its sample if it is stored."""

    sample_id: Id | None = None
    detection: Absent[FaceDetection] = None
    url: Text | None = None


class BodySample(Record):
    """A body that was detected, and its sample if it is stored."""

    sample_id: Id | None = None
    detection: Absent[BodyDetection] = None
    url: Text | None = None


class Samples(Record):
    """The face and the body of one person in one image."""

    face: FaceSample | None = None
    body: BodySample | None = None


class Detection(Record):
    """One person in one image; `detect_ts` is in seconds from the start of a video."""

    filename: Absent[Text] = None
    samples: Absent[Samples] = None
    detect_time: Absent[Time] = None
    detect_ts: Number | None = None
    image_origin: Annotated[Text, Field(max_length=256)] | None = None


class FaceTogether(Record):
    """What was estimated of the face over all images."""

    attributes: Absent[LastingEstimations] = None


class BodyTogether(Record):
    """What was estimated of the body over all images."""

    attributes: Absent[BodyEstimations] = None


class AggregateEstimations(Record):
    """What was estimated over all images."""

    face: FaceTogether | None = None
    body: BodyTogether | None = None
