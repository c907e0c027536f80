"""The service put together: gRPC for the data plane, HTTP for those who watch it."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from sqlalchemy.ext.asyncio import AsyncEngine

from headgate import http, rpc
from headgate.api.compression.v1.compression_service_pb2_grpc import add_CompressionServiceServicer_to_server
from headgate.api.conversation.v1.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from summarizer.errors import StartError
from summarizer.figures import Figures
from summarizer.jobs import Tidying
from summarizer.kept import MIB, Bounds
from summarizer.rpc.compression import Compression
from summarizer.rpc.conversations import Conversations
from summarizer.settings import Settings
from summarizer.status import Status
from summarizer.store import engine as database
from summarizer.store.answers import Answers
from summarizer.store.sessions import Sessions
from summarizer.turns import Turns

DRAIN_SECONDS = 5.0
DAY_MS = 24 * 60 * 60 * 1000

log = logging.getLogger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then let open calls finish.

    Raises RuntimeError when the gRPC address is taken, StartError for a database that cannot be used.
    """
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    prepare(settings)
    async with opened(settings.database_url) as engine, keeping(settings, engine, registry) as conversations:
        server = rpc.server(settings.listen, settings.rpc_token)
        add_CompressionServiceServicer_to_server(Compression(registry), server)  # type: ignore[no-untyped-call]  # generated
        add_ConversationServiceServicer_to_server(conversations, server)  # type: ignore[no-untyped-call]  # generated
        serving = False

        async def missing() -> Sequence[str]:
            reasons = [] if serving else ["the gRPC service is not being served"]
            return reasons if await database.answers(engine) else [*reasons, "the database of conversations does not answer"]

        await server.start()
        serving = True
        log.info("serving grpc=%s http=%s:%d", settings.listen, settings.host, settings.http_port)
        try:
            status = Status(registry, missing)
            await http.serve_until(stop, http.listener(status, settings.host, settings.http_port, grace_seconds=1))
        finally:
            serving = False
            await server.stop(DRAIN_SECONDS)


def prepare(settings: Settings) -> None:
    """Make the data directory, for its owner only. An existing one is left as it is."""
    try:
        Path(settings.data_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"the data directory {settings.data_dir} cannot be created: {error.strerror}") from None
    os.umask(0o077)  # what people said is nobody else's either


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    """The database, migrated. Raises StartError."""
    engine = database.connect(url)
    try:
        await database.migrate(engine)
        yield engine
    finally:
        await engine.dispose()


@contextlib.asynccontextmanager
async def keeping(settings: Settings, engine: AsyncEngine, registry: CollectorRegistry) -> AsyncIterator[Conversations]:
    """The keeping of conversations, with what it does by the clock."""
    bounds = Bounds(answers_bytes=settings.kept_megabytes * MIB)
    answers = Answers(engine, bounds, settings.retention_days * DAY_MS)
    sessions = Sessions(engine, bounds, settings.session_seconds * 1000)
    turns, figures = Turns(sessions, now_ms), Figures(registry)
    tidying = asyncio.ensure_future(Tidying(engine, answers, sessions, figures, now_ms).run())
    try:
        yield Conversations(answers, sessions, turns, figures, now_ms)
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await turns.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
