"""The OpenAPI document and the page that shows it, which needs no other host than ours.

What each operation says of itself stands at its handler; here is what all of them share.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from litestar import Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    Schema,
    SecurityScheme,
)
from litestar.params import FromPath

from omniretail import __version__
from omniretail.api.problems import NoSuchPath

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
}
_TEXT = Schema(type=OpenAPIType.STRING)
_FAULT = Schema(
    type=OpenAPIType.OBJECT,
    required=["pointer", "detail"],
    properties={"pointer": _TEXT, "detail": _TEXT},
)
_PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    description="RFC 9457. Each type has fields of its own; `errors` points into the request.",
    required=["type", "title", "status", "detail"],
    properties={
        "type": _TEXT,
        "title": _TEXT,
        "status": Schema(type=OpenAPIType.INTEGER),
        "detail": _TEXT,
        "errors": Schema(type=OpenAPIType.ARRAY, items=_FAULT),
    },
)


@dataclass
class Described(Operation):
    """An operation as its handler's docstring describes it; whatever else it answers is a problem."""

    def __post_init__(self) -> None:
        """Take the summary from the docstring, and problems for the framework's own errors."""
        self.summary, _, rest = (self.description or "").partition("\n")
        self.summary = self.summary.rstrip(".")
        self.description = rest.strip() or None
        self.responses = {
            code: answer for code, answer in (self.responses or {}).items() if code != "400"
        } | {"default": Reference(ref="#/components/responses/Problem")}


def described(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """Return the handlers, each described in our way, under the name of the file it stands in."""
    found = list(handlers)
    for handler in found:
        handler.operation_class = Described
        handler.tags = [handler.fn.__module__.rpartition(".")[2]]
    return found


def openapi() -> OpenAPIConfig:
    """Return what the OpenAPI document says of the API as a whole, and where it is shown."""
    problem = OpenAPIResponse(
        description="Refused: docs/errors.md says for each type what to do",
        content={"application/problem+json": OpenAPIMediaType(schema=_PROBLEM)},
    )
    return OpenAPIConfig(
        title="omniretail",
        version=__version__,
        summary="One inventory ledger, one order book and one API behind every channel.",
        openapi_router=Router(
            path="/docs", route_handlers=[], opt={"public": True}, include_in_schema=False
        ),
        components=Components(
            security_schemes={"key": SecurityScheme(type="http", scheme="bearer")},
            responses={"Problem": problem},
        ),
        security=[{"key": []}],
        use_handler_docstrings=True,
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
        render_plugins=[
            SwaggerRenderPlugin(
                path="/",
                js_url="/docs-assets/swagger-ui-bundle.js",
                css_url="/docs-assets/swagger-ui.css",
                standalone_preset_js_url="/docs-assets/swagger-ui-standalone-preset.js",
                favicon='<link rel="icon" href="data:,">',
            )
        ],
    )


@get("/docs-assets/{name:str}", opt={"public": True}, include_in_schema=False, sync_to_thread=True)
def docs_asset(name: FromPath[str]) -> Response[bytes]:
    """Serve the docs page's own scripts and style, and no other file."""
    if name not in _ASSETS:
        raise NoSuchPath("The docs page has no such file.")
    content = (resources.files("swagger_ui") / "static" / name).read_bytes()
    return Response(
        content, media_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=86400"}
    )
