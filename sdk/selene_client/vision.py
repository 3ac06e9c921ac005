"""What is asked about images: estimation, detection, extraction, checks."""

from collections.abc import Iterable
from typing import Any

from selene_client.calls import Call, Id, as_json, plain, query

Images = bytes | Iterable[bytes] | dict[str, Any]
"""One image, several, or the JSON body that names images by URL or id."""

Files = list[tuple[str, tuple[str, bytes, str]]]


def sent(images: Images, content_type: str) -> dict[str, Any]:
    """The parts of a call that carry images."""
    if isinstance(images, dict):
        return {"json": plain(images)}
    if isinstance(images, bytes):
        return {"content": images, "headers": {"Content-Type": content_type}}
    files = enumerate(images, 1)
    return {"files": [("image", (f"image-{n}", data, content_type)) for n, data in files]}


def _ask(path: str, images: Images, content_type: str, params: dict[str, Any]) -> Call[Any]:
    return Call("POST", path, as_json, query(**params), **sent(images, content_type))


def sdk(images: Images, *, content_type: str = "image/jpeg", **params: Any) -> Call[dict[str, Any]]:
    """Detect and estimate without keeping anything: detect_face=True, estimate_quality=True."""
    return _ask("/6/sdk", images, content_type, params)


def detect(
    images: Images, *, content_type: str = "image/jpeg", **params: Any
) -> Call[dict[str, Any]]:
    """Detect faces and keep a sample of each."""
    return _ask("/6/detector", images, content_type, params)


def extract(sample_ids: Iterable[Id], **params: Any) -> Call[list[dict[str, Any]]]:
    """Extract temporary attributes from samples."""
    ids = [str(one) for one in sample_ids]
    return Call("POST", "/6/extractor", as_json, query(**params), json=ids)


def iso(images: Images, *, content_type: str = "image/jpeg", **params: Any) -> Call[dict[str, Any]]:
    """Check portraits against the rules for travel documents."""
    return _ask("/6/iso", images, content_type, params)


def liveness(
    images: Images, *, content_type: str = "image/jpeg", **params: Any
) -> Call[dict[str, Any]]:
    """Whether images show living people."""
    return _ask("/6/liveness", images, content_type, params)
