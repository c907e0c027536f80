"""Routes about the installation: how it stands, what it did, its settings, its models."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from controlplane.domain.account import Status
from controlplane.domain.model import ListedModel
from controlplane.domain.outcome import EntryQuery
from controlplane.policy.open_settings import Value
from controlplane.rest.audit import Audited, Auditor
from controlplane.rest.requests import RequestRead, brief
from controlplane.rest.schemas import Counts, Page, View, cut, moment
from controlplane.rest.settings_schemas import SettingsBody, SettingsRead
from controlplane.rest.wired import Wired
from controlplane.service.services import Services

open_router = APIRouter(prefix="/api/proxy", tags=["installation"])
router = APIRouter(prefix="/api", tags=["installation"])


class Pool(View):
    """Accounts; available are those that are active."""

    total: int
    available: int


class ProxyStatus(View):
    status: Literal["running"]
    version: str
    uptime: int
    accounts: Pool


class ProxyHealth(View):
    """Healthy: at least one account is active and the process can serve."""

    healthy: bool
    accounts: Pool


class ProxyStats(View):
    """`openLeases` are requests under way, `waiting` those of them that wait for an account, `backlog` ended
    ones that wait to be written, `gaps` outcomes that data planes numbered and that never came.
    """

    version: str
    started_at: datetime | None
    uptime: int
    open_leases: int
    waiting: int
    gaps: int
    backlog: int
    accounts: dict[Status, int]
    stats: Counts


class ProxyLogs(View):
    logs: list[RequestRead]


class ModelRead(View):
    """A model that some account offers. Tokens are null when the upstream does not say. `routes`: names of routes
    whose first target, of those that anybody offers, it is.
    """

    kind: str
    id: str
    display_name: str
    aliases: list[str]
    routes: list[str]
    context_window: int | None
    max_output: int | None
    rate: float | None
    created_at: datetime | None


class ModelList(View):
    models: list[ModelRead]
    next_cursor: str | None
    total: int


@open_router.get("/status")
async def read_status(services: Wired) -> ProxyStatus:
    """That it runs. Open to everyone."""
    return ProxyStatus(status="running", version=services.version, uptime=_uptime(services), accounts=_pool(services))


@open_router.get("/health")
async def read_health(services: Wired) -> ProxyHealth:
    """Whether a request could be served. Open to everyone."""
    pool = _pool(services)
    return ProxyHealth(healthy=pool.available > 0 and not await services.ready(), accounts=pool)


@router.get("/proxy/stats")
async def read_stats(services: Wired) -> ProxyStats:
    """What the installation did and does."""
    return ProxyStats(
        version=services.version,
        started_at=moment(services.started_at),
        uptime=_uptime(services),
        open_leases=services.leasing.open_leases,
        waiting=services.leasing.waiting,
        gaps=services.sequences.missing(services.clock.now()),
        backlog=services.records.backlog,
        accounts=dict(Counter(view.status for view in services.accounts.list())),
        stats=Counts.of(services.records.total()),
    )


@router.get("/proxy/logs")
async def read_logs(services: Wired) -> ProxyLogs:
    """The last 100 requests, newest first."""
    page = await services.records.page(EntryQuery(limit=100))
    return ProxyLogs(logs=[brief(entry, services.names) for entry in page.entries])


@router.get("/settings")
async def read_settings(services: Wired) -> SettingsRead:
    return _settings(services, services.settings.read())


@router.put("/settings")
async def update_settings(services: Wired, audited: Audited, body: SettingsBody) -> SettingsRead:
    """Change what the body names, at once and for good."""
    return await _changed(services, audited, body)


@router.put("/proxy/config")
async def update_config(services: Wired, audited: Audited, body: SettingsBody) -> SettingsRead:
    """The same as changing the settings, under the name that older scripts use."""
    return await _changed(services, audited, body)


@router.get("/models")
async def list_models(services: Wired, query: Annotated[Page, Query()]) -> ModelList:
    """Every model that some account offers, by kind and id."""
    models = services.catalogue.models()
    found, cursor = cut(models, lambda model: f"{model.kind}/{model.facts.id}", query)
    return ModelList(models=[_model(model) for model in found], next_cursor=cursor, total=len(models))


def _model(listed: ListedModel) -> ModelRead:
    facts = listed.facts
    return ModelRead(
        kind=listed.kind,
        id=facts.id,
        display_name=facts.display_name or facts.id,
        aliases=list(listed.aliases),
        routes=list(listed.routes),
        context_window=facts.context_window or None,
        max_output=facts.max_output or None,
        rate=facts.rate or None,
        created_at=moment(facts.created),
    )


async def _changed(services: Services, audited: Auditor, body: SettingsBody) -> SettingsRead:
    before, after = (_settings(services, values) for values in await services.settings.change(body.values()))
    await audited.note("settings.update", "settings", before=before, after=after)
    return after


def _settings(services: Services, values: Mapping[str, Value]) -> SettingsRead:
    return SettingsRead.of(values, services.version)


def _pool(services: Services) -> Pool:
    views = services.accounts.list()
    return Pool(total=len(views), available=sum(view.status is Status.ACTIVE for view in views))


def _uptime(services: Services) -> int:
    return max(0, int(services.clock.now() - services.started_at))
