"""Routes of the routing table."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from controlplane.domain.route import Match, Route, Target
from controlplane.rest.audit import Audited, Auditor
from controlplane.rest.schemas import Body, Text, View
from controlplane.rest.wired import Wired
from controlplane.service.routes import MOST, MOST_ACCOUNTS, MOST_TARGETS

router = APIRouter(prefix="/api/routes", tags=["routes"])


class TargetBody(Body):
    """Who may serve: a model at the accounts of a kind."""

    kind: Text
    model: Text = Field(description='"" is the name as the client wrote it; * stands for what follows a prefix, in an exact route the name')
    account_ids: Annotated[list[Text], Field(max_length=MOST_ACCOUNTS)] = Field([], description="Empty: all of the kind")

    def target(self) -> Target:
        """As the domain has it; what is named twice counts once."""
        return Target(self.kind, self.model, tuple(dict.fromkeys(self.account_ids)))


class RouteBody(Body):
    """A name and its targets, which are tried in this order."""

    name: Text
    match: Match
    targets: Annotated[list[TargetBody], Field(max_length=MOST_TARGETS)]


class RoutesBody(Body):
    """All routes that there shall be."""

    routes: Annotated[list[RouteBody], Field(max_length=MOST)]


class TargetRead(View):
    """Who may serve; without account ids all accounts of the kind."""

    kind: str
    model: str
    account_ids: list[str]


class RouteRead(View):
    name: str
    match: Match
    targets: list[TargetRead]


class RouteList(View):
    routes: list[RouteRead]


@router.get("")
async def list_routes(services: Wired) -> RouteList:
    """All routes. A request whose model has the name of one is served by its first target that has an account free."""
    return RouteList(routes=[_route(route) for route in services.routes.list()])


@router.put("")
async def replace_routes(services: Wired, audited: Audited, body: RoutesBody) -> RouteList:
    """Replace all routes, from the next request on."""
    wanted = [Route(one.name, one.match, tuple(target.target() for target in one.targets)) for one in body.routes]
    return await noted(audited, *await services.routes.replace(wanted))


async def noted(audited: Auditor, before: Sequence[Route], after: Sequence[Route]) -> RouteList:
    """Note a change of the routes, if it is one; the routes as they are shown now."""
    was, are = (RouteList(routes=[_route(route) for route in routes]) for routes in (before, after))
    await audited.note("routes.update", "routes", before=was, after=are)
    return are


def _route(route: Route) -> RouteRead:
    targets = [TargetRead(kind=target.kind, model=target.model, account_ids=list(target.account_ids)) for target in route.targets]
    return RouteRead(name=route.name, match=route.match, targets=targets)
