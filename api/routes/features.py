"""What this installation can do: the networks in use and the parts that are served."""

from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.routing import iter_route_contexts

from api.dependencies import ServicesDep
from api.schemas.eyes_answers import FeaturesAnswer

router = APIRouter(tags=["misc"])

_ESTIMATIONS: Final = {
    "people_counter": ("people_count",),
    "face_quality": ("face_quality",),
    "body_attributes": ("body_attributes",),
    "liveness": ("liveness",),
    "deepfake": ("deepfake",),
}
"""The names clients know estimations by, each with the roles it needs."""

_COMPONENTS: Final = {
    "faces": "/6/faces",
    "events": "/6/events",
    "tasks": "/6/tasks",
    "sender": "/6/ws",
    "image_store": "/6/images",
    "handlers": "/6/handlers",
}
"""The parts that clients ask about, each with a path that is there when the part is."""


@router.get("/features", response_model=FeaturesAnswer)
async def get_features(request: Request, services: ServicesDep) -> Any:
    """Which network fills which role, under what licence and on what, and what is missing."""
    roles = await services.models.features()
    filled = {feature.role for feature in roles if feature.available}
    served = {context.path for context in iter_route_contexts(request.app.routes)}
    return {
        "license": {},
        "estimations": {
            name: int(filled.issuperset(needed)) for name, needed in _ESTIMATIONS.items()
        },
        "components": {
            **{name: int(path in served) for name, path in _COMPONENTS.items()},
            "lambda": 0,
        },
        "models": {feature.role: feature.as_dict() for feature in roles},
        "descriptors": [
            {"kind": f.kind, "version": f.version, "dimension": f.dimension}
            for f in services.models.descriptors()
        ],
    }
