"""What is asked of the summarizer, over gRPC. Nothing of what it answers is logged: it is what people wrote."""

import logging

import grpc

from controlplane.domain.errors import Absent
from controlplane.service.originals import OriginalsAway
from headgate import rpc
from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceStub

log = logging.getLogger(__name__)

# Somebody sits and waits; a call is a look into one table.
SECONDS = 5.0
# An id that it does not take is none that it keeps anything of.
ABSENT = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT})


class Summarizer:
    """Implements the Originals port. Connects when it is asked for the first time, and again when it has to."""

    def __init__(self, address: str, token: str | None) -> None:
        self._address = address
        self._metadata = rpc.metadata(token)
        self._channel: grpc.aio.Channel | None = None

    async def original(self, request_id: str) -> bytes:
        if self._channel is None:
            self._channel = rpc.channel(self._address)
        stub = CompressionServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated
        try:
            found = await stub.Original(pb.OriginalRequest(request_id=request_id), timeout=SECONDS, metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() in ABSENT:
                raise Absent("nothing is kept of what this request's conversation was before it was shortened") from None
            log.warning("originals cannot be had code=%s", error.code().name)
            raise OriginalsAway from None
        return bytes(found.body)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close(None)
