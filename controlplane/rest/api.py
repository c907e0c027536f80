"""The application: routes, layers around them, and the OpenAPI document."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from controlplane.rest import accounts, audit, auth, edge, errors, keys, metrics, pages, prices, proxy, requests, routes, usage
from controlplane.rest.errors import camel
from controlplane.service.services import Services

GUARDED = (accounts.router, keys.router, requests.router, usage.router, prices.router, routes.router, audit.router, proxy.router)
OPEN = (pages.router, proxy.open_router)


def build(services: Services, trusted_proxies: Sequence[str], away: Callable[[Exception], bool]) -> FastAPI:
    """The ASGI application over `services`. `trusted_proxies`: addresses or networks whose
    X-Forwarded-For is believed. `away` tells whether an exception means that the database is away.
    """
    app = FastAPI(
        title="Headgate control plane",
        summary="Accounts, keys and the usage ledger of a gateway",
        version=services.version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
    )
    app.state.services = services
    app.state.exposition = metrics.Exposition(services)
    for router in OPEN:
        app.include_router(router)
    for router in GUARDED:
        app.include_router(router, dependencies=[Depends(auth.password)], responses=errors.RESPONSES)
    errors.install(app, [route for router in (*OPEN, *GUARDED) for route in router.routes])
    # The last one added is the outermost.
    app.add_middleware(auth.Gate, services=services, trusted_proxies=trusted_proxies)
    app.add_middleware(edge.Edge, away=away)
    app.openapi = _documented(app)  # type: ignore[method-assign]  # the documented way to change the document
    return app


def _operation(route: APIRoute) -> str:
    """`list_accounts` is operation `listAccounts`."""
    return camel(route.name)


def _documented(app: FastAPI) -> Any:
    """FastAPI's document without the 422 that no route of ours ever answers."""
    whole = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = whole()
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("422", None)
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
        return app.openapi_schema or {}

    return openapi
