"""Raw descriptors that come in place of images."""

from collections.abc import Sequence

from api.images_in_request import DESCRIPTOR_TYPES, SDK_DESCRIPTOR, RequestImage
from domain.shared.biometrics import BadDescriptor, Descriptor, decode_container
from domain.shared.model_features import DescriptorFeature

_ROUNDING = 0.01
"""How far from 1 the length of a unit vector may be that went through half precision."""


def is_descriptor(image: RequestImage) -> bool:
    """Whether the part is a descriptor and no image."""
    return image.content_type in DESCRIPTOR_TYPES


def given_descriptor(image: RequestImage, known: Sequence[DescriptorFeature]) -> Descriptor:
    """The descriptor in the part; refuses what no network of the pack in use can have made."""
    if image.error is not None:
        raise image.error
    if image.content_type != SDK_DESCRIPTOR:
        raise BadDescriptor("files of this type cannot be read here; send an SDK container")
    found = decode_container(image.data or b"")
    for feature in known:
        if (feature.kind, feature.version) == (found.kind, found.version):
            found.require_dimension(feature.dimension)
            length = sum(value * value for value in found.values()) ** 0.5
            if feature.unit_length and abs(length - 1) > _ROUNDING:
                raise BadDescriptor(
                    f"vectors of version {found.version} have length 1, this one {length:.3g}"
                )
            return found
    raise BadDescriptor(f"{found.kind} descriptors of version {found.version} are unknown")
