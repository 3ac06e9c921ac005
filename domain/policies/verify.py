"""The policies of a verifier: what is made of images, what is kept, and who is the same person."""

from domain.policies.detect import FaceDetectPolicy
from domain.policies.extract import FaceExtractPolicy
from domain.policies.storage import NoTtl
from domain.shared.fields import Flag, Probability, Record


class VerifierAttributePolicy(Record):
    """Whether descriptors and basic attributes are kept as a temporary attribute."""

    store_attribute: Flag = 0


class VerifierSamplePolicy(Record):
    """Whether face warps are kept as samples."""

    store_sample: Flag = 0
    ttl: NoTtl = None


class VerifierStoragePolicy(Record):
    """What verifiers keep: nothing, unless they say so."""

    attribute_policy: VerifierAttributePolicy = VerifierAttributePolicy()
    face_sample_policy: VerifierSamplePolicy = VerifierSamplePolicy()


class VerifierPolicies(Record):
    """What a verifier does with an image, and the similarity that one person exceeds."""

    verification_threshold: Probability = 0.9
    detect_policy: FaceDetectPolicy = FaceDetectPolicy()
    extract_policy: FaceExtractPolicy = FaceExtractPolicy()
    storage_policy: VerifierStoragePolicy = VerifierStoragePolicy()

    def is_same(self, similarity: float) -> bool:
        """Whether two descriptors that are so similar are called one person's."""
        return similarity > self.verification_threshold
