"""Follows what a data plane may know without asking."""

import asyncio
import logging
from collections.abc import Sequence

import grpc

from dataplane.catalogue import Catalogue
from dataplane.clients import admission_wire as wire
from headgate.api.admission.v1 import admission_service_pb2
from headgate.api.admission.v1.admission_service_pb2_grpc import AdmissionServiceStub

log = logging.getLogger(__name__)


async def follow(
    stub: AdmissionServiceStub, instance: str, metadata: Sequence[tuple[str, str]], catalogue: Catalogue, reconnect_seconds: float
) -> None:
    """Keep `catalogue` at the latest snapshot, for ever; the last good one stays while the control plane is away."""
    while True:
        try:
            watch = stub.Watch(admission_service_pb2.WatchRequest(instance_id=instance), metadata=metadata)
            async for message in watch:
                snapshot = message.snapshot
                catalogue.replace([wire.model(model) for model in snapshot.models], wire.policy(snapshot.compression))
        except grpc.aio.AioRpcError as error:
            log.debug("watch ended code=%s", error.code().name)
        except Exception:  # a process edge: the last good snapshot stays, the next may be better
            log.exception("a snapshot could not be used")
        await asyncio.sleep(reconnect_seconds)
