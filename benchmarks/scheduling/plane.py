"""A control plane over an upstream and stores that are simulated; everything between them is what runs in production."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from benchmarks.scheduling import stores
from benchmarks.scheduling.loop import START, SimulatedClock
from benchmarks.scheduling.scenario import Scenario
from benchmarks.scheduling.upstream import Endpoints, Upstream
from controlplane import jobs, wiring
from controlplane.adapters.ledger.memory import MemoryLedger
from controlplane.adapters.vault import FileVault
from controlplane.domain.lease import Ask
from controlplane.domain.outcome import Outcome
from controlplane.policy.hosts import Hosts
from controlplane.policy.scheduling import Mode
from controlplane.service import identity
from controlplane.service.background import Background
from controlplane.service.door import DoorStores
from controlplane.service.leasing import Said
from controlplane.service.retention import Retention
from controlplane.service.runtime_settings import SCHEDULING_MODE, RuntimeSettings
from controlplane.service.work import done
from controlplane.wiring import Outside, Parts

PROXY_KEY = "proxy-key-of-the-simulation"
INSTANCE = "data-plane-of-the-simulation"
# Jobs for several control planes at the same books, for who looks on and for who signs in: they would come by for nothing.
IDLE = frozenset({"count places", "watch accounts", "note failed sign-ins", "read who may sign in", "end sessions"})


@dataclass(frozen=True)
class Plane:
    """The control plane as a data plane sees it."""

    parts: Parts
    records: stores.Records
    endpoints: Endpoints

    async def acquire(self, ask: Ask) -> Said:
        return await done(self.parts.leasing.acquire(ask, INSTANCE))

    async def settle(self, outcome: Outcome) -> None:
        """Report the end of a request; nobody waits until its record is written. Raises RuntimeError where it is not taken."""
        if await done(self.parts.settling.settle((outcome,), INSTANCE)) is None:
            raise RuntimeError("there was no room for the record")


@contextlib.asynccontextmanager
async def running(scenario: Scenario, upstream: Upstream, mode: Mode) -> AsyncIterator[Plane]:
    """A control plane that was just started, with its jobs; at the end all records are written."""
    clock, background, vault = SimulatedClock(), Background(), FileVault(b"s" * 32)
    records, endpoints = stores.Records(), Endpoints(upstream, clock)
    settings = RuntimeSettings(stores.Settings({SCHEDULING_MODE: mode.value}))
    await settings.load()
    outside = Outside(
        accounts=stores.Accounts(scenario.accounts, START),
        own=stores.Own(),
        keys=stores.Keys(),
        records=records,
        prices=stores.Prices(),
        routes=stores.Routes(),
        audit=stores.Changes(),
        door=DoorStores(*[stores.Nobody()] * 4),
        timeline=stores.Timeline(),
        ledger=MemoryLedger(),
        providers={"kiro": endpoints},
        vault=vault,
        clock=clock,
        hosts=Hosts.chosen("runtime"),
        settings=settings,
        background=background,
    )
    parts = wiring.assemble(outside)
    parts.identities.set_proxy_key(vault.digest(identity.DIGEST, PROXY_KEY))
    await parts.load()
    parts.settling.hello(INSTANCE, (), {})
    writing = asyncio.create_task(parts.records.run(), name="records")
    for name, work in jobs.loops(parts, Retention(stores.Old(), clock, days=30)):
        if name in IDLE:
            work.close()
        else:
            background.spawn(work, name)
    try:
        yield Plane(parts, records, endpoints)
    finally:
        await background.close()
        parts.records.close()
        await writing
