"""The application: routes, layers around them, and the OpenAPI document."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from controlplane.rest import (
    accounts,
    audit,
    auth,
    console,
    device_login,
    edge,
    errors,
    events,
    keys,
    metrics,
    overview,
    pages,
    playground,
    prices,
    proxy,
    requests,
    routes,
    session,
    testing,
    timeline,
    tokens,
    usage,
    users,
)
from controlplane.rest.errors import camel
from controlplane.service.services import Services

GUARDED = (
    device_login.router,
    testing.router,
    accounts.router,
    timeline.router,
    keys.router,
    requests.router,
    usage.router,
    prices.router,
    routes.router,
    overview.router,
    audit.router,
    proxy.router,
    playground.router,
    events.router,
    session.router,
    users.router,
    tokens.router,
)
OPEN = (pages.router, proxy.open_router, session.open_router)
HERE = console.Place()


def build(services: Services, trusted_proxies: Sequence[str], away: Callable[[Exception], bool], place: console.Place = HERE) -> FastAPI:
    """The ASGI application over `services`. `trusted_proxies`: addresses or networks whose
    X-Forwarded-For is believed. `away` tells whether an exception means that the database is away.
    """
    app = _routed(services.version)
    app.state.services = services
    app.state.exposition = metrics.Exposition(services)
    app.router.default = console.Console(place, services.version)
    # The last one added is the outermost.
    app.add_middleware(auth.Gate, services=services, trusted_proxies=trusted_proxies)
    app.add_middleware(edge.Edge, away=away)
    return app


def document(version: str) -> dict[str, Any]:
    """What the interface offers, as OpenAPI."""
    return _routed(version).openapi()


def _routed(version: str) -> FastAPI:
    """The routes by themselves, which is all that the document is made from."""
    app = FastAPI(
        title="Headgate control plane",
        summary="Accounts, keys and the usage ledger of a gateway",
        version=version,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation,
    )
    for router in OPEN:
        app.include_router(router)
    for router in GUARDED:
        app.include_router(router, dependencies=auth.SCHEMES, responses=errors.RESPONSES)
    errors.install(app, [route for router in (*OPEN, *GUARDED) for route in router.routes])
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
