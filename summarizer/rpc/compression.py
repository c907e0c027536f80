"""CompressionService, as the data plane calls it."""

from typing import Any

import grpc
from prometheus_client import CollectorRegistry, Counter

from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceServicer


class Compression(CompressionServiceServicer):
    """Passes every conversation through: `unchanged` is always a right answer to Compress.

    The data plane then sends the conversation as it is, or tells its client that it is too long.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter("headgate_summarizer_conversations", "Conversations answered, by result", ["result"], registry=registry)

    async def Compress(self, request: pb.CompressRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.CompressResponse:  # noqa: ARG002, N802 - gRPC's names and shape
        self._answered.labels(result="unchanged").inc()
        return pb.CompressResponse(unchanged=True)
