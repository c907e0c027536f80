"""One simulation: the days of a scenario, in one mode."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks.scheduling.exchange import Exchange
from benchmarks.scheduling.loop import simulate
from benchmarks.scheduling.measure import Figures, Notes, figures
from benchmarks.scheduling.plane import running
from benchmarks.scheduling.scenario import HOUR, Scenario
from benchmarks.scheduling.traffic import Session, sessions
from benchmarks.scheduling.upstream import Upstream
from controlplane.policy.scheduling import Mode

SAMPLED_EVERY = HOUR / 2


def compare(scenario: Scenario) -> dict[Mode, Figures]:
    """Every mode over the same traffic, each in a process of its own."""
    with ProcessPoolExecutor() as pool:
        runs = {mode: pool.submit(measured, scenario, mode) for mode in Mode}
        return {mode: run.result() for mode, run in runs.items()}


def measured(scenario: Scenario, mode: Mode) -> Figures:
    """What the mode comes to."""
    began = time.process_time()
    notes, upstream = simulate(played(scenario, mode))
    notes.cpu_seconds = time.process_time() - began
    return figures(scenario, notes, upstream)


async def played(scenario: Scenario, mode: Mode) -> tuple[Notes, Upstream]:
    """Let the days pass, and those who came last be answered."""
    notes, upstream = Notes(), Upstream(scenario)
    async with running(scenario, upstream, mode) as plane:
        sampling = asyncio.create_task(_sampled(notes, upstream))
        await _play(Exchange(plane, upstream, notes), sessions(scenario))
        sampling.cancel()
    notes.polls, notes.records = plane.endpoints.asked, plane.records.times
    return notes, upstream


async def _play(exchange: Exchange, planned: Sequence[Session]) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as playing:
        for session in planned:
            await asyncio.sleep(session.begins - loop.time())
            playing.create_task(exchange.play(session))


async def _sampled(notes: Notes, upstream: Upstream) -> None:
    loop = asyncio.get_running_loop()
    while True:
        notes.sample(loop.time(), upstream)
        await asyncio.sleep(SAMPLED_EVERY)
