"""Lambdas, code of users that runs in containers: this installation has no service for them."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.errors import answers
from api.http.refusals import ResourceDisabled

router = APIRouter(tags=["lambdas"])

DISABLED: Final = {"x-disabled": True}
"""Marks operations in the document that are always refused."""

_ONE: Final = "/lambdas/{lambda_id}"
_OPERATIONS: Final = (
    ("GET", "/lambdas", "get_lambdas"),
    ("POST", "/lambdas", "create_lambda"),
    ("POST", "/lambdas/import", "import_lambda"),
    ("POST", "/lambdas/validate", "validate_lambda"),
    ("GET", _ONE, "get_lambda"),
    ("HEAD", _ONE, "check_lambda"),
    ("PUT", _ONE, "update_lambda"),
    ("PATCH", _ONE, "patch_lambda"),
    ("DELETE", _ONE, "delete_lambda"),
    ("GET", _ONE + "/docs/spec", "get_lambda_spec"),
    ("GET", _ONE + "/export", "export_lambda"),
    ("GET", _ONE + "/image", "get_lambda_image"),
    ("PUT", _ONE + "/image", "update_lambda_image"),
    ("GET", _ONE + "/image/logs", "get_lambda_image_creation_logs"),
    ("GET", _ONE + "/image/status", "get_lambda_image_creation_status"),
    ("GET", _ONE + "/logs", "get_lambda_logs"),
    ("GET", _ONE + "/proxy/{path:path}", "proxy_lambda_get"),
    ("POST", _ONE + "/proxy/{path:path}", "proxy_lambda_post"),
    ("GET", _ONE + "/status", "get_lambda_status"),
    ("POST", "/tasks/lambda", "create_lambda_task"),
)


async def refuse() -> None:
    """Say that there are no lambdas here."""
    raise ResourceDisabled


for _method, _path, _name in _OPERATIONS:
    router.add_api_route(
        _path,
        refuse,
        methods=[_method],
        name=_name,
        responses=answers(ResourceDisabled),
        openapi_extra=DISABLED,
    )


async def tell_methods() -> Response:
    """What the one path may be asked that no table of routes knows: it has any number of parts."""
    return Response(headers={"Allow": "GET, HEAD, OPTIONS, POST"})


router.add_api_route(
    _ONE + "/proxy/{path:path}", tell_methods, methods=["OPTIONS"], include_in_schema=False
)
