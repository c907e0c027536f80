"""The composition root: the only place where adapters meet use cases, and the life of the process."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from controlplane import jobs, wiring
from controlplane.adapters import kiro
from controlplane.adapters.anthropic import Anthropic
from controlplane.adapters.clock import SystemClock
from controlplane.adapters.db import engine as database
from controlplane.adapters.db.accounts import DatabaseAccounts
from controlplane.adapters.db.audit import DatabaseAudit
from controlplane.adapters.db.keys import DatabaseKeys
from controlplane.adapters.db.own_accounts import DatabaseOwnAccounts
from controlplane.adapters.db.prices import DatabasePrices
from controlplane.adapters.db.records import DatabaseRecords
from controlplane.adapters.db.retention import DatabaseRetention
from controlplane.adapters.db.rollups import Rollups
from controlplane.adapters.db.routes import DatabaseRoutes
from controlplane.adapters.db.sessions import DatabaseSessions
from controlplane.adapters.db.settings import DatabaseSettings
from controlplane.adapters.db.timeline import DatabaseTimeline
from controlplane.adapters.db.tokens import DatabaseTokens
from controlplane.adapters.db.users import DatabaseUsers
from controlplane.adapters.gateway import Gateway
from controlplane.adapters.http import Clients
from controlplane.adapters.kimi_web import KimiWeb
from controlplane.adapters.kiro.device import DeviceFlow
from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.adapters.ledger.redis import RedisLedger
from controlplane.adapters.openai import OpenAI
from controlplane.adapters.passwords import Argon2Passwords
from controlplane.adapters.summarizer import Summarizer
from controlplane.adapters.vault import FileVault, read_key, read_or_make_key
from controlplane.domain.compression import CompressionPolicy
from controlplane.domain.errors import LedgerAway, SealBroken, StartError
from controlplane.domain.user import ADMIN_ID, ADMIN_NAME
from controlplane.policy.hosts import Hosts
from controlplane.rest.api import build
from controlplane.rest.console import Place
from controlplane.rpc.admission import Admission, Server
from controlplane.service import door, first_start
from controlplane.service.audit import Actor, Audit
from controlplane.service.background import Background
from controlplane.service.device_login import DeviceLogins, Devices
from controlplane.service.feed import Feed
from controlplane.service.originals import Originals
from controlplane.service.passes import Passes
from controlplane.service.ports import Ledger, Provider
from controlplane.service.retention import Retention
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.services import Services
from controlplane.service.testing import Trials
from controlplane.settings import Settings
from headgate import __version__, collector
from headgate.http import listener, serve_until, stop_signals

log = logging.getLogger(__name__)

# How long the last records may take to be written. Only a data plane that still runs can send again what was not acknowledged.
FLUSH_SECONDS = 20.0
COMMAND = Actor("command", "")


@dataclass
class Plane:
    """A control plane, wired and loaded, not yet listening."""

    parts: wiring.Parts
    services: Services
    summarizer: Summarizer
    gateway: Gateway
    server: Server
    retention: Retention
    made: Sequence[first_start.Made]


async def migrate(settings: Settings) -> None:
    """Bring the database to this release."""
    prepare(settings)
    async with opened(settings):
        log.info("database is up to date")


async def reset_password(settings: Settings) -> None:
    """Let the built-in administrator in again: a new password, no second device, no session. Raises StartError."""
    prepare(settings)
    async with opened(settings) as engine:
        stored = RuntimeSettings(DatabaseSettings(engine), compression(settings))
        await stored.load()
        vault, clock, background = await unlocked(settings, stored), SystemClock(), Background()
        around = door.Surroundings(vault, clock, stored, background, Audit(DatabaseAudit(engine), clock))
        found = door.built(doors(engine, vault), around)
        try:
            await found.administration.load()
        except SealBroken as error:
            raise StartError(f"users cannot be read: {error}") from None
        made = await first_start.reset(found, settings.admin_password)
        await around.audit.note(COMMAND, "user.reset", ADMIN_ID, ADMIN_NAME)
    announce(made, "The new password of the built-in administrator")
    log.info("built-in administrator can sign in again with %s", "what was just shown" if made else "ADMIN_PASSWORD")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises StartError."""
    stop = stop_signals()
    prepare(settings)
    async with opened(settings) as engine, Clients() as clients:
        plane = await wire(settings, engine, providers(settings, clients), DeviceFlow(clients, bases(settings)))
        announce(plane.made, "Made at this first start")
        async with running(plane):
            await listen(plane, settings, stop)


async def listen(plane: Plane, settings: Settings, stop: asyncio.Event) -> None:
    """Serve gRPC and HTTP until `stop`. Raises StartError when an address is taken."""
    claim(settings.host, settings.console_port)
    collector.spare()
    try:
        await plane.server.start()
    except RuntimeError:
        raise StartError(f"cannot listen on {settings.rpc_listen}: the address is taken or not ours", passing=True) from None
    place = Place(public_url=settings.public_url, port=settings.port)
    application = build(plane.services, settings.trusted_proxies or (), away, place)
    console = listener(application, settings.host, settings.console_port, grace_seconds=5)
    log.info("serving console=http://%s:%d rpc=%s", settings.host, settings.console_port, settings.rpc_listen)
    ending = asyncio.create_task(_silence(stop, plane.services.feed), name="end events")
    await serve_until(stop, console)
    ending.cancel()


async def _silence(stop: asyncio.Event, feed: Feed) -> None:
    """End the streams of events as soon as the process is to stop: they would go on for as long as it waits for them."""
    await stop.wait()
    feed.close()


def away(error: Exception) -> bool:
    """Whether this was raised because something behind us does not answer now, and not by a defect of ours."""
    return isinstance(error, LedgerAway) or database.away(error)


def claim(host: str, port: int) -> None:
    """See that the address is free; the HTTP server would end the process without a word of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}", passing=True) from None


def prepare(settings: Settings) -> None:
    """Make the data directory, for its owner only. An existing one is left as it is."""
    try:
        Path(settings.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"the data directory {settings.data_dir} cannot be created: {error.strerror}") from None
    os.umask(0o077)  # the database and its journals are nobody else's either


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database, migrated."""
    engine = database.connect(settings.database_url)
    try:
        await database.migrate(engine)
        yield engine
    finally:
        await engine.dispose()


def hosts(settings: Settings) -> Hosts:
    """Where Kiro and the kimi-web site are."""
    chosen = Hosts.chosen(settings.kiro_profile, settings.kiro_api_urls, settings.kiro_management_url)
    return replace(chosen, kimi_web=settings.kimi_web_url, prompt_characters=settings.kimi_web_prompt_characters)


def compression(settings: Settings) -> CompressionPolicy:
    """How conversations are shortened unless administrators say otherwise."""
    return CompressionPolicy(
        enabled=settings.enable_compression,
        tokens=settings.compression_tokens,
        messages=settings.compression_messages,
        keep=settings.compression_keep,
        summary_model=settings.summary_model,
    )


def bases(settings: Settings) -> kiro.Bases:
    """Where Kiro's account endpoints are."""
    return kiro.Bases.chosen(settings.kiro_auth_url, settings.kiro_oidc_url, hosts(settings))


def providers(settings: Settings, clients: Clients) -> dict[str, Provider]:
    """Who speaks for accounts, by their kind."""
    return {
        "kiro": kiro.Kiro(clients, bases(settings)),
        "kimi-web": KimiWeb(clients, settings.kimi_web_url),
        "openai": OpenAI(clients),
        "anthropic": Anthropic(clients),
    }


def books(settings: Settings, engine: AsyncEngine, vault: FileVault) -> Ledger:
    """Where it is kept what keys may still spend. Installations that share a Redis are told apart by
    their secret key, which all control planes of one have in common.
    """
    spent = Rollups(engine)
    if settings.redis_url is None:
        return MemoryLedger(spent)
    return RedisLedger(settings.redis_url, spent, f"headgate:{vault.digest('ledger prefix', '')[:16]}")


async def unlocked(settings: Settings, stored: RuntimeSettings) -> FileVault:
    """What opens the database's secrets. Raises StartError."""
    key = read_key(settings.key_path) if stored.hidden(first_start.SEAL) else read_or_make_key(settings.key_path)
    vault = FileVault(key)
    await first_start.check_seal(stored, vault)
    return vault


def doors(engine: AsyncEngine, vault: FileVault) -> door.DoorStores:
    """Who may sign in."""
    return door.DoorStores(DatabaseUsers(engine, vault), DatabaseSessions(engine), DatabaseTokens(engine), Argon2Passwords())


async def wire(settings: Settings, engine: AsyncEngine, providers: dict[str, Provider], devices: Devices) -> Plane:
    """Every use case over its adapters, loaded from the database. Raises StartError."""
    stored = RuntimeSettings(DatabaseSettings(engine), compression(settings))
    await stored.load()
    vault, clock = await unlocked(settings, stored), SystemClock()
    access = await first_start.access(stored, vault, settings.proxy_key)
    outside = wiring.Outside(
        accounts=DatabaseAccounts(engine, vault),
        own=DatabaseOwnAccounts(engine, vault),
        keys=DatabaseKeys(engine),
        records=DatabaseRecords(engine),
        prices=DatabasePrices(engine),
        routes=DatabaseRoutes(engine),
        audit=DatabaseAudit(engine),
        door=doors(engine, vault),
        timeline=DatabaseTimeline(engine),
        ledger=books(settings, engine, vault),
        providers=providers,
        vault=vault,
        clock=clock,
        hosts=hosts(settings),
        settings=stored,
        background=Background(),
        queue_seconds=settings.queue_wait_seconds,
        attempts=settings.max_attempts,
        requests_per_minute=settings.rate_limit_per_minute,
    )
    parts = wiring.assemble(outside)
    if isinstance(outside.ledger, RedisLedger):
        outside.ledger.lost = parts.holding.restore_all
    parts.identities.set_proxy_key(access.proxy_digest)
    parts.identities.set_internal_key(settings.internal_key or "")
    try:
        await parts.load()
    except SealBroken as error:
        raise StartError(f"accounts cannot be read: {error}") from None
    except LedgerAway as error:
        raise StartError(f"Redis cannot be used: {error}", passing=True) from None
    made = [*access.made, *await first_start.administrator(parts.door, settings.admin_password)]
    server = Server(
        Admission(parts.leasing, parts.settling, parts.usage, parts.bulletin, __version__), settings.rpc_listen, settings.rpc_token
    )

    async def ready() -> Sequence[str]:
        reasons = [] if await database.answers(engine) else ["the database does not answer"]
        return reasons if server.serving else [*reasons, "the gRPC listener is not up"]

    summarizer = Summarizer(settings.summarizer_addr[0], settings.rpc_token)
    gateway = Gateway(settings.gateway_url)
    services = serviced(parts, summarizer, gateway, devices, ready)
    retention = Retention(DatabaseRetention(engine), clock, settings.retention_days)
    return Plane(parts, services, summarizer, gateway, server, retention, made)


def serviced(
    parts: wiring.Parts, originals: Originals, gateway: Gateway, devices: Devices, ready: Callable[[], Awaitable[Sequence[str]]]
) -> Services:
    """What the REST side is handed."""
    clock, accounts = parts.outside.clock, parts.accounts
    passes = Passes(parts.outside.vault, clock)
    return Services(
        passes=passes,
        testing=Trials(accounts, passes, gateway, clock),
        logins=DeviceLogins(devices, accounts, parts.outside.background, clock),
        accounts=parts.accounts,
        keys=parts.keys,
        catalogue=parts.pool.catalogue,
        leasing=parts.leasing,
        records=parts.records,
        prices=parts.prices,
        routes=parts.routes,
        usage=parts.usage,
        audit=parts.audit,
        sequences=parts.sequences,
        settings=parts.outside.settings,
        administration=parts.door.administration,
        users=parts.door.users,
        sessions=parts.door.sessions,
        tokens=parts.door.tokens,
        originals=originals,
        overview=parts.overview,
        feed=parts.feed,
        timeline=parts.timeline,
        names=parts.names,
        clock=parts.outside.clock,
        version=__version__,
        started_at=parts.outside.clock.now(),
        ready=ready,
    )


@contextlib.asynccontextmanager
async def running(plane: Plane) -> AsyncIterator[None]:
    """The work behind the listeners; at the end nothing that was taken is lost."""
    parts = plane.parts
    writing = asyncio.create_task(parts.records.run(), name="records")
    for name, loop in jobs.loops(parts, plane.retention):
        parts.outside.background.spawn(loop, name)
    try:
        yield
    finally:
        await plane.server.stop()
        await parts.pool.refreshing.close()
        await parts.pool.own.close()
        await parts.outside.background.close()
        parts.records.close()
        _, late = await asyncio.wait((writing,), timeout=FLUSH_SECONDS)
        for task in late:
            log.error("usage records lost unless their data plane still runs count=%d", parts.records.backlog)
            task.cancel()
        await asyncio.wait((asyncio.ensure_future(parts.holding.drain()),), timeout=FLUSH_SECONDS)
        await parts.door.administration.failures.close()
        await parts.audit.close()
        await parts.timeline.write()
        await plane.summarizer.close()
        await plane.gateway.close()
        await parts.outside.ledger.close()


def announce(made: Sequence[first_start.Made], occasion: str) -> None:
    """Show secrets that were made up, once and not through the log."""
    if not made:
        return
    line = "=" * 72
    rows = "\n".join(f"  {one.name}:\n      {one.secret}\n" for one in made)
    print(f"\n{line}\n  {occasion}, shown only now. Keep it well.\n\n{rows}{line}\n", flush=True)  # noqa: T201 - meant for a person's eyes
