"""What asking the summarizer adds: the real process, the data plane's own client, and a model that answers at once."""

import asyncio
import contextlib
import os
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.compression.cases import USUAL, Case
from benchmarks.compression.conversation import Growing
from benchmarks.compression.course import asking
from benchmarks.compression.model import Spent, endpoint
from benchmarks.process import cpu_seconds, resident_mib
from benchmarks.stack import KEPT, POLL_SECONDS, ROOT, START_SECONDS, STOP_SECONDS, Broken, fetch, free_ports
from dataplane.clients.summarizer import Summarizer
from dataplane.conversation.model import Call
from dataplane.ports import Policy
from headgate.api.compression.v1 import policy_pb2

# The conversations that are measured, by their number of requests; each is new to so many keys, and known so many times.
LENGTHS, KEYS, HITS = (100, 150, 200), 5, 60
# What a request leaves to be stored is stored before the next one: people and models take longer than this, in seconds.
PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Added:
    """For one conversation. Times in milliseconds, medians; CPU too, a call. `memory_p95`: 95 % of the hits are below.
    `miss` is without what the stub took for itself.
    """

    requests: int
    turns: int
    kilobytes: int
    memory: float
    memory_p95: float
    memory_dataplane: float
    memory_summarizer: float
    store: float
    miss: float
    miss_summarizer: float
    miss_calls: int


@dataclass(frozen=True)
class Served:
    """Memory of the summarizer's process in MiB: started, and after everything. `disk`: what its files came to, in MiB."""

    added: Sequence[Added]
    idle: float
    after: float
    disk: float


@dataclass(frozen=True)
class Timed:
    """Of some calls, in milliseconds: how long each took, and CPU a call on either side."""

    each: Sequence[float]
    dataplane: float
    summarizer: float


@dataclass(frozen=True)
class Running:
    """The process and a client of it."""

    pid: int
    client: Summarizer
    policy: Policy

    async def ask(self, call: Call, key_id: str, how: str) -> None:
        """Raises Broken for any other answer than one that came that way."""
        _, came = await self.client.compress(call, asking(call, self.policy, f"req_{secrets.token_hex(12)}", key_id))
        if came is None or came.how != how:
            raise Broken(f"expected {how}, there came {came.how if came else 'nothing'}")


async def served(
    growing: Growing, directory: Path, lengths: Sequence[int] = LENGTHS, hits: int = HITS, keys: int = KEYS, case: Case = USUAL
) -> Served:
    """Misses and hits in a first life of the process, hits of the store in its second."""
    calls = [growing.call(number - 1) for number in lengths]
    async with endpoint() as (url, spent):
        async with running(directory, url, case.policy) as first:
            idle = resident_mib(first.pid)
            missed = [await misses(first, call, spent, keys) for call in calls]
            memory = [await timed(first.pid, partial(first.ask, call, key(call, 0), "memory"), hits) for call in calls]
            after = resident_mib(first.pid)
        async with running(directory, url, case.policy) as second:
            stored = [await each_key(second, call, keys) for call in calls]
    found = zip(lengths, calls, memory, missed, stored, strict=True)
    return Served([added(*one) for one in found], idle, after, mebibytes(directory))


def mebibytes(directory: Path) -> float:
    """Of all files in it."""
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()) / 2**20


def added(requests: int, call: Call, hit: Timed, miss: tuple[Timed, int], stored: Sequence[float]) -> Added:
    missed, asked = miss
    return Added(
        requests=requests,
        turns=len(call.turns),
        kilobytes=characters(call) // 1000,
        memory=statistics.median(hit.each),
        memory_p95=sorted(hit.each)[int(len(hit.each) * 0.95)],
        memory_dataplane=hit.dataplane,
        memory_summarizer=hit.summarizer,
        store=statistics.median(stored),
        miss=statistics.median(missed.each),
        miss_summarizer=missed.summarizer,
        miss_calls=asked,
    )


def characters(call: Call) -> int:
    """Of all turns, as they travel."""
    texts = (text for turn in call.turns for part in turn.parts for text in words(part))
    return sum(map(len, texts))


def words(part: object) -> Iterator[str]:
    """What of a part is text."""
    for name in ("text", "arguments"):
        if isinstance(found := getattr(part, name, None), str):
            yield found
    for inner in getattr(part, "parts", ()):
        yield from words(inner)


def key(call: Call, number: int) -> str:
    """The keys under which a conversation is known."""
    return f"key_{len(call.turns)}_{number}"


async def misses(service: Running, call: Call, spent: Spent, keys: int) -> tuple[Timed, int]:
    """With a key each time that has never asked; and the model calls of one."""
    numbers, own, asked = iter(range(keys)), spent.seconds, spent.calls
    found = await timed(service.pid, lambda: service.ask(call, key(call, next(numbers)), "model"), keys)
    own = (spent.seconds - own) * 1000 / keys
    return Timed([one - own for one in found.each], found.dataplane - own, found.summarizer), (spent.calls - asked) // keys


async def each_key(service: Running, call: Call, keys: int) -> list[float]:
    """Milliseconds of the first request of every key after a restart."""
    found = [await timed(service.pid, partial(service.ask, call, key(call, number), "store"), 1) for number in range(keys)]
    return [one.each[0] for one in found]


async def timed(pid: int, work: Callable[[], Awaitable[None]], times: int) -> Timed:
    """What is stored behind the back of who asks is part of the CPU, not of the waiting."""
    each: list[float] = []
    ours, theirs = time.process_time(), cpu_seconds(pid)
    for _ in range(times):
        began = time.perf_counter()
        await work()
        each.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    return Timed(each, (time.process_time() - ours) * 1000 / times, (cpu_seconds(pid) - theirs) * 1000 / times)


# ---- the process


@contextlib.asynccontextmanager
async def running(directory: Path, url: str, policy: policy_pb2.Policy) -> AsyncIterator[Running]:
    """A summarizer on that directory, whose model is at that address. Raises Broken when it does not start."""
    ports, token = free_ports("rpc", "http"), secrets.token_hex(24)
    address = f"127.0.0.1:{ports['rpc']}"
    with process(directory, environment(directory, address, ports["http"], token, url)) as service:
        await ready(service, f"http://127.0.0.1:{ports['http']}/ready", directory)
        client = Summarizer(address, token)
        try:
            yield Running(service.pid, client, Policy(True, policy.tokens, policy.turns, policy.seconds, policy))
        finally:
            await client.close()
    unwell(directory)


def environment(directory: Path, address: str, port: int, token: str, url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ and name != "HEADGATE_REDIS_URL"}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "LOG_LEVEL": "WARNING",
        "HEADGATE_DATA_DIR": str(directory / "data"),
        "HEADGATE_SUMMARIZER_ADDR": address,
        "HEADGATE_SUMMARIZER_HTTP_PORT": str(port),
        "HEADGATE_RPC_TOKEN": token,
        "HEADGATE_INTERNAL_KEY": f"hgi-{secrets.token_hex(24)}",
        "HEADGATE_GATEWAY_URL": url,
    }


@contextlib.contextmanager
def process(directory: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (directory / "summarizer.log").open("ab") as log:
        started = subprocess.Popen([sys.executable, "-m", "summarizer"], cwd=directory, env=environ, stdout=log, stderr=log)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def unwell(directory: Path) -> None:
    """Raises Broken for a service that had anything to warn of: it did not do all that is measured."""
    if words := (directory / "summarizer.log").read_text(errors="replace").strip():
        raise Broken(f"the summarizer warned\n{words[-2000:]}")


async def ready(service: subprocess.Popen[bytes], url: str, directory: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while (await asyncio.to_thread(fetch, url))[0] != 200:
        if service.poll() is not None or time.monotonic() > deadline:
            raise Broken(f"the summarizer does not start\n{(directory / 'summarizer.log').read_text(errors='replace')[-2000:]}")
        await asyncio.sleep(POLL_SECONDS)
