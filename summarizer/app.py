"""The service put together: gRPC for the data plane, HTTP for those who watch it."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from sqlalchemy.ext.asyncio import AsyncEngine

from headgate import http, options, rpc
from headgate.api.compression.v1.compression_service_pb2_grpc import add_CompressionServiceServicer_to_server
from headgate.api.conversation.v1.conversation_service_pb2_grpc import add_ConversationServiceServicer_to_server
from summarizer.asking import Asking
from summarizer.compressing import Compressing
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import StartError
from summarizer.figures import Figures
from summarizer.gateway import Gateway, Nobody
from summarizer.jobs import Remembered, Tidying
from summarizer.kept import MIB, Bounds
from summarizer.memory import Memory
from summarizer.originals import Keeping
from summarizer.ports import Summaries
from summarizer.recall import Recall
from summarizer.rpc.compression import Compression
from summarizer.rpc.conversations import Conversations
from summarizer.settings import Settings
from summarizer.status import Status
from summarizer.store import engine as database
from summarizer.store.answers import Answers
from summarizer.store.originals import SqlOriginals
from summarizer.store.sessions import Sessions
from summarizer.store.spending import SqlSpending
from summarizer.store.summaries import SqlSummaries
from summarizer.turns import Turns

DRAIN_SECONDS = 5.0
# What is to be remembered is waited for so long: where the store is silent it would take longer than a stop may.
STORE_SECONDS = 3.0
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
    figures = Figures(registry)
    async with (
        opened(settings.database_url) as engine,
        compressing(settings, engine, figures, registry) as (compression, remembered),
        keeping(settings, engine, figures, remembered) as conversations,
    ):
        server = rpc.server(settings.listen, settings.rpc_token)
        add_CompressionServiceServicer_to_server(compression, server)  # type: ignore[no-untyped-call]  # generated
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
async def keeping(settings: Settings, engine: AsyncEngine, figures: Figures, remembered: Remembered) -> AsyncIterator[Conversations]:
    """The keeping of conversations, and what is done by the clock."""
    bounds = Bounds(answers_bytes=settings.kept_megabytes * MIB)
    answers = Answers(engine, bounds, settings.retention_days * DAY_MS)
    sessions = Sessions(engine, bounds, settings.session_seconds * 1000)
    turns = Turns(sessions, now_ms)
    tidying = asyncio.ensure_future(Tidying(engine, answers, sessions, figures, now_ms, remembered).run())
    try:
        yield Conversations(answers, sessions, turns, figures, now_ms)
    finally:
        tidying.cancel()
        await asyncio.gather(tidying, return_exceptions=True)
        await turns.close()


@contextlib.asynccontextmanager
async def compressing(
    settings: Settings, engine: AsyncEngine, figures: Figures, registry: CollectorRegistry
) -> AsyncIterator[tuple[Compression, Remembered]]:
    """Compression, and what of it remembers something in the database."""
    counted, originals = CompressionFigures(registry), SqlOriginals(engine, partial(figures.evicted, "originals"))
    model = Gateway(settings.gateway_url, settings.internal_key) if settings.internal_key else Nobody()
    if not settings.internal_key:
        log.warning("no %s: conversations are not shortened", options.INTERNAL_KEY.name)
    memory, spending = Memory(evicted=partial(figures.evicted, "memory")), SqlSpending(engine)
    figures.watch("memory", memory.__len__, lambda: memory.size)
    async with remembering(settings, engine, figures) as summaries:
        recall = Recall(memory, summaries, now_ms)
        keeping = Keeping(originals, now_ms)
        asking = Asking(model, spending, counted, now_ms)
        use_case = Compressing(recall, asking)
        remembered = Remembered(summaries if isinstance(summaries, SqlSummaries) else None, originals, spending)
        try:
            yield Compression(use_case, keeping, counted), remembered
        finally:
            await use_case.close()
            await model.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STORE_SECONDS):
                    await asyncio.gather(recall.drain(), keeping.drain(), asking.drain())


@contextlib.asynccontextmanager
async def remembering(settings: Settings, engine: AsyncEngine, figures: Figures) -> AsyncIterator[Summaries]:
    """Where summaries are: in Redis where there is one, else in the database."""
    evicted = partial(figures.evicted, "summaries")
    if settings.redis_url is None:
        yield SqlSummaries(engine, evicted)
        return
    from summarizer.store import summaries_redis  # noqa: PLC0415 - costs memory that those without Redis need not spend

    line = summaries_redis.connect(settings.redis_url)
    try:
        yield summaries_redis.RedisSummaries(line, evicted)
    finally:
        await line.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000
