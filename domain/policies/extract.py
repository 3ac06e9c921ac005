"""The extract policy: what is made of the warps of those who were detected."""

from domain.shared.fields import Flag, Probability, Record


class FaceExtractPolicy(Record):
    """What is extracted beside the face descriptor; the whole policy of verifiers.

    A face descriptor whose score is below `fd_score_threshold` is neither matched nor stored.
    """

    extract_basic_attributes: Flag = 0
    fd_score_threshold: Probability = 0.0


class ExtractPolicy(FaceExtractPolicy):
    """Which descriptors and attributes handlers extract."""

    extract_face_descriptor: Flag = 1
    extract_body_descriptor: Flag = 0
