"""Which networks a request needs, and which ones made its answer."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from domain.shared.detections import ModelRef
from domain.shared.image_refusals import NoModelForRole
from ray_cluster.models import Models

HEADER: Final = "Selene-Models"
"""Answers made by networks name them here, so that bodies stay as the contract has them."""

_DIGEST: Final = 16
_PLAIN: Final = " !#$&'()*+,-./:;<=>?@[]^_`{|}~"


async def require_roles(models: Models, roles: Iterable[str]) -> None:
    """Refuse before any work is done when the pack in use has no model for one of the roles."""
    if not (asked := tuple(roles)):
        return
    features = await models.features()
    filled = {feature.role for feature in features if feature.available}
    for role in asked:
        if role not in filled:
            raise NoModelForRole(next((f.pack for f in features if f.pack), ""), role)


def models_header(used: Iterable[ModelRef]) -> dict[str, str]:
    """The header with every network once: a dictionary of RFC 9651 by role, in order of use.

    `face_detector="yunet.onnx";pack="dev";version="1.0.0";sha256="8f2383e4dd3cfbb4"`, the
    digest cut to its first 16 digits and left out for a formula; empty when no network ran.
    """
    by_role = {ref.role: ref for ref in used}
    if not by_role:
        return {}
    return {HEADER: ", ".join(f"{role}={_item(ref)}" for role, ref in by_role.items())}


def _item(ref: ModelRef) -> str:
    named = {"pack": ref.pack, "version": ref.version, "sha256": ref.sha256[:_DIGEST]}
    known = [f"{key}={_text(value)}" for key, value in named.items() if value]
    return ";".join([_text(ref.model), *known])


def _text(value: str) -> str:
    """A string of a header field; what may not stand in one is percent-encoded."""
    return f'"{quote(value, safe=_PLAIN)}"'
