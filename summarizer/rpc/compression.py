"""CompressionService, as data planes and the control plane call it.

Nothing that was said is ever logged: of what fails unexpectedly the log has the kind and the place.
"""

import asyncio
import logging
import traceback
from collections.abc import Mapping
from typing import Any

import grpc

from headgate.api.compression.v1 import compression_service_pb2 as pb
from headgate.api.compression.v1.compression_service_pb2_grpc import CompressionServiceServicer
from summarizer.compressing import Compressing, Passed, Shortened, Source, Why
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import Absent, Invalid, StoreAway
from summarizer.originals import Keeping
from summarizer.ports import Errand
from summarizer.rpc import compression_wire as wire

log = logging.getLogger(__name__)

# An answer is ready so long before whoever asked stops waiting for it: he then knows why there is no summary.
EARLY_SECONDS = 0.5


class Compression(CompressionServiceServicer):
    """The servicer."""

    def __init__(self, compressing: Compressing, keeping: Keeping, figures: CompressionFigures) -> None:
        self._compressing = compressing
        self._keeping = keeping
        self._figures = figures

    async def Compress(self, request: pb.CompressRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.CompressResponse:  # noqa: N802 - the contract's name
        try:
            with self._figures.timed():
                return await self._compressed(request, context.time_remaining())
        except Invalid as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except asyncio.CancelledError:
            self._figures.answered("left", 0, 0)
            raise
        except Exception as error:  # noqa: BLE001 - the edge of the service: everything becomes a status
            self._figures.answered("defect", 0, 0)
            failed("Compress", error)
            await context.abort(grpc.StatusCode.INTERNAL, "a defect of the summarizer")

    async def _compressed(self, request: pb.CompressRequest, left: float | None) -> pb.CompressResponse:
        errand, conversation = Errand(request.key_id, request.request_id), wire.conversation(request)
        policy = wire.policy(request)
        said = await self._compressing.compress(errand, conversation, policy, seconds(policy.seconds, left))
        if isinstance(said, Passed):
            self._figures.answered(said.why, 0, said.spent)
            return pb.CompressResponse(unchanged=UNCHANGED[said.why], spent_tokens=said.spent)
        self._figures.answered(said.source, said.saved, said.spent)
        self._keeping.keep(errand, conversation, said, policy.original_hours)
        return shortened(said)

    async def Original(self, request: pb.OriginalRequest, context: grpc.aio.ServicerContext[Any, Any]) -> pb.OriginalResponse:  # noqa: N802 - the contract's name
        try:
            return pb.OriginalResponse(body=await self._keeping.find(request.request_id, request.key_id))
        except Absent as error:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except StoreAway:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the database does not answer")
        except Exception as error:  # noqa: BLE001 - the edge of the service, as above
            failed("Original", error)
            await context.abort(grpc.StatusCode.INTERNAL, "a defect of the summarizer")


def failed(method: str, error: Exception) -> None:
    """Tell of a defect, without the words that may be in it."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("failed method=%s error=%s\n%s", method, type(error).__name__, where)


def seconds(policy: int, left: float | None) -> float:
    """How long the work may take. Never quite nothing: what is remembered is found at once."""
    return float(policy) if left is None else max(min(policy, left - EARLY_SECONDS), EARLY_SECONDS / 2)


def shortened(said: Shortened) -> pb.CompressResponse:
    return pb.CompressResponse(
        opening=[wire.turn(turn) for turn in said.assembled.opening],
        replaced_turns=said.assembled.replaced,
        saved_tokens=said.saved,
        spent_tokens=said.spent,
        source=SOURCES[said.source],
        standing=said.assembled.standing,
    )


UNCHANGED: Mapping[Why, pb.CompressResponse.Unchanged] = {
    Why.SHORT: pb.CompressResponse.UNCHANGED_SHORT,
    Why.NO_GAIN: pb.CompressResponse.UNCHANGED_NO_GAIN,
    Why.MODEL_FAILED: pb.CompressResponse.UNCHANGED_MODEL_FAILED,
    Why.LATE: pb.CompressResponse.UNCHANGED_LATE,
    Why.BUDGET: pb.CompressResponse.UNCHANGED_BUDGET,
}
SOURCES: Mapping[Source, pb.CompressResponse.Source] = {
    Source.MODEL: pb.CompressResponse.SOURCE_MODEL,
    Source.INCREMENTAL: pb.CompressResponse.SOURCE_INCREMENTAL,
    Source.MEMORY: pb.CompressResponse.SOURCE_MEMORY,
    Source.STORE: pb.CompressResponse.SOURCE_STORE,
}
