"""Faces to samples: detect, drop, keep the warps of the rest, and show both."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from api.blobs import Blobs
from api.dependencies import SendFunction
from api.pipelines.detect import DetectedImage, detect_images
from api.pipelines.keep_files import keep_samples
from api.pipelines.load_images import LoadedImage
from api.pipelines.shown import Shown, face_shown, filtered_shown, status_shown
from api.schemas.eyes import DetectorQuery
from domain.policies.run_detect import as_shown
from domain.shared.detections import FoundFace, ModelRef
from domain.shared.enums import SamplesType
from ray_cluster.models import Models

_SAMPLES = "/6/samples/faces"


class DetectorRun:
    """One request: `answer` is the contract's `DetectorResponse`, `used` the networks behind it."""

    def __init__(
        self, models: Models, blobs: Blobs, send: SendFunction, query: DetectorQuery
    ) -> None:
        self._models = models
        self._blobs = blobs
        self._send = send
        self._upright = bool(query.use_exif_info)
        self._policy = query.policy()
        self.used: list[ModelRef] = []

    async def answer(self, loaded: Sequence[LoadedImage], account_id: UUID) -> Shown:
        """Detect in all images, keep the samples of all of them in one commit, show each."""
        images = await detect_images(
            self._models, loaded, self._policy, use_exif_orientation=self._upright
        )
        self.used += (ref for image in images if image.found for ref in image.found.models)
        # A face given by the id of its sample has one already.
        new = [face for image in images if image.loaded.sample_id is None for face in _kept(image)]
        ids = iter(await self._keep(new, account_id))
        return {"images": [self._shown(image, _ids(image, ids)) for image in images]}

    async def _keep(self, faces: Sequence[FoundFace], account_id: UUID) -> list[UUID]:
        if not faces:
            return []
        files = await self._models.encode_warps([face.warp for face in faces])
        return await keep_samples(self._send, self._blobs, account_id, SamplesType.FACES, files)

    def _shown(self, image: DetectedImage, sample_ids: Sequence[UUID]) -> Shown:
        """The contract's `DetectorImage`."""
        shown: Shown = {"filename": image.filename, **status_shown(image.error)}
        if image.found is not None and image.found.exif:
            shown["exif"] = dict(image.found.exif)
        shown["detections"] = {
            "samples": [
                {"face": self._sample_shown(face, sample_id)}
                for face, sample_id in zip(_kept(image), sample_ids, strict=True)
            ],
            "filtered_detections": {
                "face_detections": [
                    filtered_shown(dropped, as_shown(self._policy, dropped.face))
                    for dropped in image.dropped
                ]
            },
        }
        return shown

    def _sample_shown(self, face: FoundFace, sample_id: UUID) -> Shown:
        return {
            "detection": face_shown(as_shown(self._policy, face)),
            "sample_id": sample_id,
            "url": f"{_SAMPLES}/{sample_id}",
        }


def _kept(image: DetectedImage) -> list[FoundFace]:
    return [human.face for human in image.people if human.face is not None]


def _ids(image: DetectedImage, new: Iterator[UUID]) -> list[UUID]:
    """The sample of each kept face, in order."""
    given = image.loaded.sample_id
    return [next(new) if given is None else given for _ in _kept(image)]
