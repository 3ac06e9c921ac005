"""What a request sends of people: images, in which they are detected, and raw descriptors."""

from collections.abc import Collection, Sequence
from uuid import UUID

from api.images_in_request import RequestImage
from api.pipelines.detect import DetectedImage, detect_images
from api.pipelines.given_descriptors import given_descriptor, is_descriptor
from api.pipelines.load_images import LoadedImage
from api.pipelines.people import Person, Sighting
from api.pipelines.shown import status_shown
from api.services import Services
from domain.policies.detect import FaceDetectPolicy
from domain.shared.biometrics import BadDescriptor, DescriptorKind
from domain.shared.detections import ImageType
from domain.shared.refusal import Refusal


async def receive(
    services: Services,
    account_id: UUID,
    images: Sequence[RequestImage],
    policy: FaceDetectPolicy,
    *,
    image_type: ImageType,
    use_exif: bool,
    aggregate: bool = False,
    kinds: Collection[DescriptorKind] = tuple(DescriptorKind),
) -> tuple[list[DetectedImage], list[Person]]:
    """The images in order, and the persons whose descriptors were sent in place of them.

    What cannot be read has its error and the others go on; so has a descriptor of another kind.
    """
    pictures = [image for image in images if not is_descriptor(image)]
    loaded = await services.images.load(pictures, account_id, image_type)
    found = iter(
        await detect_images(
            services.models, loaded, policy, use_exif_orientation=use_exif, aggregate=aggregate
        )
    )
    detected: list[DetectedImage] = []
    given: list[Person] = []
    for place, image in enumerate(images):
        if not is_descriptor(image):
            detected.append(next(found))
            continue
        result = DetectedImage(LoadedImage(image))
        try:
            descriptor = given_descriptor(image, services.models.descriptors())
            if descriptor.kind not in kinds:
                raise BadDescriptor(f"it is of a {descriptor.kind}, not of a {'/'.join(kinds)}")
            given.append(Person((Sighting(place, result),), {descriptor.kind: descriptor}))
        except Refusal as refusal:
            result.error = refusal
        detected.append(result)
    return detected, given


def sightings_of(detected: Sequence[DetectedImage]) -> list[Sighting]:
    """Everybody who was detected and not dropped, image by image."""
    return [
        Sighting(place, image, human)
        for place, image in enumerate(detected)
        for human in image.people
    ]


def in_order(people: Sequence[Person]) -> list[Person]:
    """The persons in the order of the images they were first seen in."""
    return sorted(people, key=lambda person: person.sightings[0].place)


def image_shown(image: DetectedImage) -> dict[str, object]:
    """An image of an answer by its name: whether it could be read, and its EXIF if asked for."""
    shown: dict[str, object] = {"filename": image.filename, **status_shown(image.error)}
    if image.found is not None and image.found.exif:
        shown["exif"] = dict(image.found.exif)
    return shown
