"""`python -m benchmarks.leases [--redis URL] [--seconds N]`: what Acquire and Settle cost on both sides.

The data plane's own client asks a real control plane over gRPC, each in a process of its own, with so many
questions in flight; nothing else is done, but each outcome is written to the database. CPU of both
processes for one Acquire with its Settle.
"""

import argparse
import asyncio
import os
import tempfile
import time
from pathlib import Path

from benchmarks.process import cpu_seconds
from benchmarks.stack import Stack
from dataplane.catalogue import Catalogue
from dataplane.clients.control import ControlPlane
from dataplane.conversation.events import Source, Usage
from dataplane.errors import GatewayError
from dataplane.ports import Ask, Attempt, Caller, Ending, Outcome

IN_FLIGHT = (1, 32, 256)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leases", description=__doc__)
    parser.add_argument("--redis", help="keep the ledger in this Redis instead of in memory")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    said = parser.parse_args()
    if said.redis:
        os.environ["HEADGATE_REDIS_URL"] = said.redis
    with tempfile.TemporaryDirectory() as directory, Stack(Path(directory)) as stack:
        print("| in flight | data plane, us | control plane, us | pairs/s |\n|---:|---:|---:|---:|")
        asyncio.run(compare(stack, said.seconds))


async def compare(stack: Stack, seconds: float) -> None:
    """A row for each number in flight."""
    for count in IN_FLIGHT:
        ours, theirs, rate = await measure(stack, count, seconds)
        print(f"| {count} | {ours:.0f} | {theirs:.0f} | {rate:,.0f} |")


async def measure(stack: Stack, in_flight: int, seconds: float) -> tuple[float, float, float]:
    """CPU of both sides in microseconds for one Acquire with its Settle, and pairs a second."""
    control = ControlPlane(f"127.0.0.1:{stack.ports['control']}", stack.rpc_token, Catalogue())
    control.start()
    while not control.connected:  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0.01)
    await pairs(control, stack.proxy_key, in_flight, 0.5)
    pid = stack.pids["controlplane"]
    ours, theirs, began = time.process_time(), cpu_seconds(pid), time.perf_counter()
    done = await pairs(control, stack.proxy_key, in_flight, seconds)
    ours, theirs, wall = time.process_time() - ours, cpu_seconds(pid) - theirs, time.perf_counter() - began
    await control.close(5)
    return ours / done * 1e6, theirs / done * 1e6, done / wall


async def pairs(control: ControlPlane, key: str, in_flight: int, seconds: float) -> int:
    """Acquire and settle for a while; how many."""
    until = time.perf_counter() + seconds
    counts = await asyncio.gather(*(_one_after_another(control, key, number, until) for number in range(in_flight)))
    return sum(counts)


async def _one_after_another(control: ControlPlane, key: str, number: int, until: float) -> int:
    done = 0
    caller = Caller(key, "127.0.0.1")
    while time.perf_counter() < until:
        done += 1
        now = time.time_ns() // 1_000_000
        request_id = f"req_{now:011x}{number:05x}{done:08x}"
        ask = Ask(caller, request_id, "claude-sonnet-4.5", 1000, session=f"conversation {number}", received_at_ms=now, dialect="anthropic")
        try:
            lease = await control.acquire(ask)
        except GatewayError:
            continue
        usage = Usage(1000, output=100, credits=0.1, credits_source=Source.UPSTREAM)
        attempts = [Attempt(lease.account_id, lease.kind, lease.model, 1, 20, status=200)]
        outcome = Outcome(lease.lease_id, request_id, Ending.SERVED, 200, now, 20, "anthropic", streamed=False, usage=usage)
        outcome.attempts, outcome.finish_reason, outcome.first_event_ms = attempts, "stop", 15
        control.settle(outcome)
    return done


if __name__ == "__main__":
    main()
