"""The service put together: gRPC for the data plane, HTTP for those who watch it."""

import asyncio
import logging

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from headgate import http, rpc
from headgate.api.compression.v1.compression_service_pb2_grpc import add_CompressionServiceServicer_to_server
from summarizer.rpc import Compression
from summarizer.settings import Settings
from summarizer.status import Status

DRAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then let open calls finish. Raises RuntimeError when the gRPC address is taken."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    server = rpc.server(settings.listen, settings.rpc_token)
    add_CompressionServiceServicer_to_server(Compression(registry), server)  # type: ignore[no-untyped-call]  # generated
    status = Status(registry)
    await server.start()
    status.ready = True
    log.info("serving grpc=%s http=%s:%d", settings.listen, settings.host, settings.http_port)
    try:
        await http.serve_until(stop, http.listener(status, settings.host, settings.http_port, grace_seconds=1))
    finally:
        status.ready = False
        await server.stop(DRAIN_SECONDS)
