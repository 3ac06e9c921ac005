"""Detections as answers and events show them."""

from base64 import b64encode
from typing import Any

from api.errors import SUCCESS, error_body
from api.pipelines.detect import DroppedFace
from domain.shared.detections import FoundBody, FoundFace, ImageDetections
from domain.shared.refusal import Refusal

Shown = dict[str, Any]


def face_shown(face: FoundFace, *, warp: bytes | None = None) -> Shown:
    """The contract's `FaceDetection`: only what was asked, no rectangle for a given warp.

    Landmarks are whole pixels from the corner of the rectangle; `warp` is a JPEG file.
    """
    shown: Shown = {}
    if face.box is not None:
        shown["rect"] = face.box.as_dict()
        if face.landmarks5 is not None:
            shown["landmarks5"] = face.landmarks5.relative_to(face.box)
        if face.landmarks68 is not None:
            shown["landmarks68"] = face.landmarks68.relative_to(face.box)
    if face.quality is not None:
        shown["quality"] = face.quality.as_dict()
    shown["attributes"] = face.estimations.as_dict()
    if warp is not None:
        shown["warp"] = b64encode(warp).decode()
    return shown


def body_shown(body: FoundBody, *, warp: bytes | None = None) -> Shown:
    """The contract's `BodyDetection`; `warp` is a JPEG file."""
    shown: Shown = {}
    if body.box is not None:
        shown["rect"] = body.box.as_dict()
    shown["attributes"] = body.estimations.as_dict()
    if warp is not None:
        shown["warp"] = b64encode(warp).decode()
    return shown


def filtered_shown(dropped: DroppedFace, face: FoundFace) -> Shown:
    """The contract's `FilteredDetection` of a dropped face, which is shown as `face`."""
    return {
        "filter_reasons": [reason.as_dict() for reason in dropped.reasons],
        "detection": face_shown(face),
    }


def people_shown(found: ImageDetections, *, where: bool) -> Shown:
    """The `image_estimations` of an image: how many people there are, and the middle of each."""
    if found.people is None:
        return {}
    people: Shown = {"count": len(found.people)}
    if where:
        people["coordinates"] = [[round(p.x), round(p.y)] for p in found.people]
    return {"people": people}


def status_shown(error: Refusal | None) -> Shown:
    """`status` and `error` of one image."""
    body = SUCCESS if error is None else error_body(error)
    return {"status": int(error is None), "error": body.model_dump()}
