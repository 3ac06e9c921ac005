"""The files that a request's persons leave behind: warps as samples, and source images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from api.blobs import new_name
from api.pipelines.decide import Decided
from api.pipelines.people import Sighting
from api.raw_image import image_type
from commands.stored_files import NewFile
from domain.policies.run_storage import origin_reference
from domain.policies.storage import ImageOriginPolicy
from domain.shared.detections import ImageType, Warp
from ray_cluster.models import Models


@dataclass(slots=True)
class KeptFiles:
    """Files to be kept, and under which ids and addresses events refer to them."""

    face_samples: list[NewFile] = field(default_factory=list)
    body_samples: list[NewFile] = field(default_factory=list)
    images: list[NewFile] = field(default_factory=list)
    face_ids: dict[Sighting, UUID] = field(default_factory=dict)
    body_ids: dict[Sighting, UUID] = field(default_factory=dict)
    origins: dict[int, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    """The bytes of each file by its name in the blob store."""

    def add(self, area: str, data: bytes, content_type: str) -> NewFile:
        """A new file in an area of the blob store."""
        name = new_name(area)
        self.contents[name] = data
        return NewFile(file_id=uuid4(), blob=name, size=len(data), content_type=content_type)


async def files_of(
    models: Models, decided: Sequence[Decided], origin: ImageOriginPolicy
) -> KeptFiles:
    """What is to be kept of all persons; a sample that was sent as such is not kept twice."""
    kept = KeptFiles()
    faces: list[tuple[Sighting, Warp]] = []
    bodies: list[tuple[Sighting, Warp]] = []
    for one in decided:
        for sighting in one.person.sightings:
            take_given_samples(kept, sighting)
            face, body = sighting.human.face, sighting.human.body
            if one.plan.face_sample and face is not None and sighting not in kept.face_ids:
                faces.append((sighting, face.warp))
            if one.plan.body_sample and body is not None and sighting not in kept.body_ids:
                bodies.append((sighting, body.warp))
            if one.plan.image and sighting.place not in kept.origins:
                _keep_origin(kept, sighting, origin)
    warps = [warp for _, warp in (*faces, *bodies)]
    encoded = iter(await models.encode_warps(warps) if warps else ())
    for sighting, _ in faces:
        file = kept.add("samples/faces", next(encoded), "image/jpeg")
        kept.face_samples.append(file)
        kept.face_ids[sighting] = file.file_id
    for sighting, _ in bodies:
        file = kept.add("samples/bodies", next(encoded), "image/jpeg")
        kept.body_samples.append(file)
        kept.body_ids[sighting] = file.file_id
    return kept


def take_given_samples(kept: KeptFiles, sighting: Sighting) -> None:
    """Name a sample that was sent as such; it is kept already."""
    loaded = sighting.image.loaded
    if loaded.sample_id is not None and loaded.given is not None:
        is_face = loaded.given.image_type is ImageType.FACE_WARP
        (kept.face_ids if is_face else kept.body_ids)[sighting] = loaded.sample_id


def _keep_origin(kept: KeptFiles, sighting: Sighting, policy: ImageOriginPolicy) -> None:
    loaded, found = sighting.image.loaded, sighting.image.found
    if loaded.given is None or found is None:  # a descriptor that was sent has no image
        return
    reference = origin_reference(policy, _came_from(sighting))
    if reference is None:
        data = loaded.given.data
        kind = image_type(data) or f"image/{found.image_format.lower()}"
        file = kept.add("images", data, kind)
        kept.images.append(file)
        reference = f"/6/images/{file.file_id}"
    kept.origins[sighting.place] = reference


def _came_from(sighting: Sighting) -> str | None:
    """The address that the image was given by."""
    loaded = sighting.image.loaded
    if loaded.sample_id is not None and loaded.given is not None:
        is_face = loaded.given.image_type is ImageType.FACE_WARP
        return f"/6/samples/{'faces' if is_face else 'bodies'}/{loaded.sample_id}"
    if loaded.asked.image_id is not None:
        return f"/6/images/{loaded.asked.image_id}"
    return loaded.asked.url
