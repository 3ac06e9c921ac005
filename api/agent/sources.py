"""Which sources an agent opens: files below its roots, and addresses that the guard lets pass."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from api.url_guard import UrlGuard

_SCHEMES: Final = frozenset({"rtsp", "rtsps", "rtp", "udp", "tcp", "http", "https"})
_PINNED: Final = frozenset({"rtsp", "rtp", "udp", "tcp"})


class SourceRefused(Exception):
    """The source lies where this agent does not go; its text says why."""


async def allowed_content(
    content: Mapping[str, Any], roots: Sequence[Path], guard: UrlGuard, *, devices: bool
) -> dict[str, Any]:
    """The stream's content with the reference that is opened; refuses what is not allowed."""
    reference = str(content["reference"])
    if content["type"] in ("videofile", "images"):
        return {**content, "reference": str(_below(reference, roots))}
    if reference.isdigit() or reference.startswith("/dev/video"):
        if not devices:
            raise SourceRefused("capture devices are not switched on for this agent")
        return dict(content)
    pinned = await guard.check(reference, _SCHEMES)
    # A camera's name is resolved once; TLS and virtual hosts need the name itself.
    checked = pinned.at_address() if pinned.url.scheme in _PINNED else pinned.url
    return {**content, "reference": str(checked)}


def _below(reference: str, roots: Sequence[Path]) -> Path:
    """The real path of a file or folder below one of the roots."""
    for root in roots:
        try:
            real = (root / reference).resolve()
            inside = real.is_relative_to(root.resolve()) and real.exists()
        except (OSError, ValueError):
            continue
        if inside:
            return real
    places = ", ".join(map(str, roots)) or "nowhere"
    raise SourceRefused(f"there is no '{reference}' below {places}")
