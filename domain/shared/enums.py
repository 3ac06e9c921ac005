"""The enumerations of the contract: integers and words that requests, answers and events use.

Genders, image types and descriptor kinds stand with the values they belong to, in
`estimations`, `detections` and `biometrics`.
"""

from enum import IntEnum, StrEnum


class NamedId(IntEnum):
    """A number that stands for a word: estimations say the word, events and filters the number."""

    @property
    def word(self) -> str:
        """The word, as estimations write it."""
        return self.name.lower()

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """All words, in the order of their numbers."""
        return tuple(item.word for item in sorted(cls))


class EthnicGroup(NamedId):
    """Ethnic groups."""

    AFRICAN_AMERICAN = 1
    INDIAN = 2
    ASIAN = 3
    CAUCASIAN = 4


class Emotion(NamedId):
    """Emotions."""

    ANGER = 1
    DISGUST = 2
    FEAR = 3
    HAPPINESS = 4
    NEUTRAL = 5
    SADNESS = 6
    SURPRISE = 7


class MaskState(NamedId):
    """What covers the lower face."""

    MISSING = 1
    MEDICAL_MASK = 2
    OCCLUDED = 3


class LivenessState(NamedId):
    """Whether a living person stood before the camera."""

    SPOOF = 0
    REAL = 1
    UNKNOWN = 2


class DeepfakeState(NamedId):
    """Whether a face was synthesised."""

    FAKE = 0
    REAL = 1


class ApparentGender(NamedId):
    """The gender that a body seems to have."""

    FEMALE = 0
    MALE = 1
    UNDEFINED = 2


class Presence(NamedId):
    """Whether headwear or a backpack is there."""

    ABSENT = 0
    PRESENT = 1
    UNDEFINED = 2


class MultifacePolicy(IntEnum):
    """What becomes of an image with several faces."""

    FORBIDDEN = 0
    ALLOWED = 1
    BEST_ONLY = 2


class ImageStatus(IntEnum):
    """Whether an image of a request was processed."""

    FAILED = 0
    PROCESSED = 1


class CheckStatus(IntEnum):
    """The outcome of a check, or of all checks of a face."""

    FAILED = 0
    PASSED = 1


class HandlerType(IntEnum):
    """Whether a handler keeps its policies, is given them, or is a client's own program."""

    STATIC = 0
    DYNAMIC = 1
    LAMBDA = 2


class TaskType(IntEnum):
    """What a task does."""

    UNKNOWN = 0
    LINKER = 1
    CLUSTERING = 2
    REPORTER = 3
    GARBAGE_COLLECTION = 4
    ADDITIONAL_EXTRACTION = 5
    CROSS_MATCHING = 6
    ROC = 7
    EXPORTER = 8
    ESTIMATOR = 9
    LAMBDA = 10


class TaskStatus(IntEnum):
    """How far a task is."""

    PENDING = 0
    IN_PROGRESS = 1
    CANCELLED = 2
    FAILED = 3
    COLLECTING_RESULTS = 4
    DONE = 5


class SubtaskStatus(IntEnum):
    """How far a part of a task is; not the scale of tasks."""

    PENDING = 0
    IN_PROGRESS = 1
    CANCELLED = 2
    FAILED = 3
    DONE = 4


class SamplesType(StrEnum):
    """What stored warps show."""

    FACES = "faces"
    BODIES = "bodies"


class EyebrowsState(StrEnum):
    """What eyebrows do."""

    NEUTRAL = "neutral"
    RAISED = "raised"
    SQUINTING = "squinting"
    FROWNING = "frowning"


class SmileProperties(StrEnum):
    """Whether a person smiles, and how."""

    NONE = "none"
    SMILE_LIPS = "smile_lips"
    SMILE_TEETH = "smile_teeth"


class HeadwearType(StrEnum):
    """What is worn on the head."""

    NONE = "none"
    BASEBALL_CAP = "baseball_cap"
    BEANIE = "beanie"
    PEAKED_CAP = "peaked_cap"
    SHAWL = "shawl"
    HAT_WITH_EAR_FLAPS = "hat_with_ear_flaps"
    HELMET = "helmet"
    HOOD = "hood"
    HAT = "hat"
    OTHER = "other"


class ShouldersPosition(StrEnum):
    """How shoulders stand to the camera."""

    PARALLEL = "parallel"
    NON_PARALLEL = "non_parallel"
    HIDDEN = "hidden"


class FaceColorType(StrEnum):
    """What kind of light made the picture of a face."""

    COLOR = "color"
    GRAYSCALE = "grayscale"
    INFRARED = "infrared"


class IsoImageFormat(StrEnum):
    """Image formats that a face quality check can ask for."""

    JPEG = "JPEG"
    JPEG2000 = "JPEG2000"
    PNG = "PNG"


class FaceOcclusion(StrEnum):
    """How a face is covered."""

    FULL = "full"
    CLEAR = "clear"
    CORRECT = "correct"
    PARTIALLY = "partially"
    MOUTH = "mouth"
    CHIN = "chin"


class SleeveLength(StrEnum):
    """How long sleeves are."""

    SHORT = "short"
    LONG = "long"
    UNDEFINED = "undefined"


class ClothingColor(StrEnum):
    """Colours of upper clothing and lower garments."""

    BLACK = "black"
    BLUE = "blue"
    GREEN = "green"
    GRAY = "gray"
    ORANGE = "orange"
    PURPLE = "purple"
    RED = "red"
    WHITE = "white"
    YELLOW = "yellow"
    PINK = "pink"
    BROWN = "brown"
    BEIGE = "beige"
    KHAKI = "khaki"
    MULTICOLORED = "multicolored"
    UNDEFINED = "undefined"


class ShortColor(StrEnum):
    """Colours of shoes and headwear."""

    BLACK = "black"
    OTHER = "other"
    WHITE = "white"
    UNDEFINED = "undefined"


class LowerGarment(StrEnum):
    """What is worn on the legs."""

    TROUSERS = "trousers"
    SHORTS = "shorts"
    SKIRT = "skirt"
    UNDEFINED = "undefined"


class MatchOrder(StrEnum):
    """How candidates are sorted."""

    SIMILARITY = "similarity"
    CREATE_TIME_ASC = "create_time_asc"
    CREATE_TIME_DESC = "create_time_desc"


class CandidateOrigin(StrEnum):
    """Where candidates of a match come from."""

    FACES = "faces"
    EVENTS = "events"
    ATTRIBUTES = "attributes"


class ObjectsType(StrEnum):
    """What a task works on."""

    FACES = "faces"
    EVENTS = "events"
