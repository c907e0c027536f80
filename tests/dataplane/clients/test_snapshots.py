"""The catalogue follows the watch, whatever becomes of it."""

import asyncio

import pytest

from dataplane.catalogue import Catalogue
from dataplane.clients.snapshots import follow
from headgate.api.admission.v1 import admission_service_pb2, snapshot_pb2
from headgate.api.compression.v1 import policy_pb2


class Stub:
    """Watches that bring these snapshots one after another; a last one brings nothing any more."""

    def __init__(self, *watches):
        self.watches = list(watches)
        self.done = asyncio.Event()

    async def Watch(self, _request, metadata):
        if not self.watches:
            self.done.set()
            await asyncio.Event().wait()
        for snapshot in self.watches.pop(0):
            yield admission_service_pb2.WatchResponse(snapshot=snapshot)


def snapshot(window, **policy):
    models = [snapshot_pb2.Model(kind="kiro", id="m", context_window=window)]
    return snapshot_pb2.Snapshot(models=models, compression=policy_pb2.Policy(**policy) if policy else None)


@pytest.mark.parametrize(
    ("watches", "window", "enabled", "turns"),
    [
        ([[snapshot(7, enabled=True, turns=20)]], 7, True, 20),
        ([[snapshot(7, enabled=True, turns=20), snapshot(8, enabled=True, turns=30)]], 8, True, 30),
        ([[snapshot(7, enabled=True, turns=20)], [snapshot(8, enabled=False, turns=30)]], 8, False, 30),
        # An older control plane says nothing of it.
        ([[snapshot(7)]], 7, False, 0),
    ],
)
async def test_the_latest_snapshot_is_in_force(watches, window, enabled, turns):
    catalogue, stub = Catalogue(), Stub(*watches)
    following = asyncio.ensure_future(follow(stub, "i", (), catalogue, 0))
    async with asyncio.timeout(10):
        await stub.done.wait()
    following.cancel()
    policy = catalogue.compression
    assert (catalogue.window("m"), policy.enabled, policy.turns, policy.whole.turns) == (window, enabled, turns, turns)
