"""AdmissionService: streams in and out, and their end when the process stops."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc

from controlplane.rpc import convert
from controlplane.rpc.session import Session
from controlplane.service.bulletin import Bulletin
from controlplane.service.leasing import Leasing
from controlplane.service.settling import Settling
from controlplane.service.usage import KeyUsage
from headgate import rpc
from headgate.api.admission.v1 import admission_service_pb2 as pb
from headgate.api.admission.v1 import admission_service_pb2_grpc as pb_grpc

log = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[Any, Any]
STOP_SECONDS = 5.0


class Admission(pb_grpc.AdmissionServiceServicer):
    """The servicer. `stopping` ends every stream after its last answers."""

    def __init__(self, leasing: Leasing, settling: Settling, usage: KeyUsage, bulletin: Bulletin, version: str) -> None:
        self._leasing = leasing
        self._settling = settling
        self._usage = usage
        self._bulletin = bulletin
        self._version = version
        self.stopping = asyncio.Event()

    async def Session(self, requests: AsyncIterator[pb.SessionRequest], context: Context) -> None:  # noqa: N802 - the contract's name
        session = Session(self._leasing, self._settling, self._usage, self._version)
        reading = asyncio.create_task(_read(session, requests))
        writing = asyncio.create_task(session.write(context.write))
        stopping = asyncio.create_task(self.stopping.wait())
        tasks = (reading, writing, stopping)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if reading.done() and not reading.cancelled() and (error := reading.exception()) is not None:
                log.error("a session ends because its questions cannot be read", exc_info=error)
            reading.cancel()
            # Not reached when the connection broke, which cancels this call: then nobody listens.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(_finish(session, writing), STOP_SECONDS / 2)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await session.end()

    async def Watch(self, _request: pb.WatchRequest, context: Context) -> None:  # noqa: N802 - the contract's name
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            while not stopping.done():
                version = self._bulletin.version
                snapshot = convert.snapshot(version, self._bulletin.models(), self._bulletin.compression)
                await context.write(pb.WatchResponse(snapshot=snapshot))
                change = asyncio.create_task(self._bulletin.change(version))
                await asyncio.wait((change, stopping), return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
        finally:
            stopping.cancel()


class Server:
    """The gRPC listener."""

    def __init__(self, admission: Admission, listen: str, token: str | None) -> None:
        self._admission = admission
        self._listen = listen
        self._token = token
        self._server: Any = None

    @property
    def serving(self) -> bool:
        return self._server is not None and not self._admission.stopping.is_set()

    async def start(self) -> None:
        """Raises RuntimeError when the address is taken."""
        server = rpc.server(self._listen, self._token)
        pb_grpc.add_AdmissionServiceServicer_to_server(self._admission, server)  # type: ignore[no-untyped-call]  # generated
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """End the streams that are open, each with what it is owed; seconds at most."""
        self._admission.stopping.set()
        if self._server is not None:
            await self._server.stop(STOP_SECONDS)


async def _finish(session: Session, writing: asyncio.Task[None]) -> None:
    """Let the answers that are owed go out."""
    await session.finish()
    await asyncio.wait((writing,))


async def _read(session: Session, requests: AsyncIterator[pb.SessionRequest]) -> None:
    async for batch in requests:
        session.take(batch.questions)
