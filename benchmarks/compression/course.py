"""A conversation's course under one policy: every request through the data plane's client and the real use case over SQLite."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any
from unittest import mock

from prometheus_client import CollectorRegistry

from benchmarks.compression.cases import Case
from benchmarks.compression.conversation import WINDOW, Growing
from benchmarks.compression.counted import Counted, Threaded
from benchmarks.compression.model import Spent, Stub
from dataplane.clients.summarizer import question, told
from dataplane.compression import fits, long, room, threshold
from dataplane.conversation.estimate import prompt_tokens, turn_tokens
from dataplane.conversation.model import Call, Text, Turn
from dataplane.ports import Policy, Shortening
from headgate.tokens import text_tokens
from summarizer import compressing
from summarizer.asking import Asking
from summarizer.compressing import Compressing
from summarizer.compression_figures import CompressionFigures
from summarizer.memory import Memory
from summarizer.originals import Keeping
from summarizer.recall import Recall
from summarizer.rpc.compression import Compression
from summarizer.shortening import lengths
from summarizer.shortening import plan as planning
from summarizer.shortening.conversation import Conversation
from summarizer.shortening.policy import Policy as Settings
from summarizer.store import engine as database
from summarizer.store.originals import SqlOriginals
from summarizer.store.spending import SqlSpending
from summarizer.store.summaries import SqlSummaries

# From when a request is sent on until the conversation's next one: the model answers, its tools run.
PAUSE_SECONDS = 20.0
STARTED_MS = 1_799_971_200_000
KEY = "key_benchmark"


@dataclass(frozen=True, slots=True)
class Step:
    """One request. Tokens, estimated: `whole` as the client sent it, `sent` as it went on, and what of either stood at the
    beginning of the request before. `how`: where the summary came from, why there is none, or "" for a conversation
    that is not long. `replaced`: turns that a summary stands for. `waited`: seconds. `unfinished`: it was sent on while its
    summary was made. `spent`: until the next request. `fitted`, `whole_fitted`: whether the model can read it.
    """

    whole: int
    whole_known: int
    sent: int
    sent_known: int
    how: str
    replaced: int
    waited: float
    unfinished: bool
    spent: Spent
    fitted: bool
    whole_fitted: bool


def course(growing: Growing, case: Case, directory: Path, restart: int = -1) -> list[Step]:
    """What came of every request. Before the request of number `restart` the service starts anew on the same file."""
    lives = [range(restart), range(restart, len(growing))] if restart > 0 else [range(len(growing))]
    with every_turn() if case.every else contextlib.nullcontext(), asyncio.Runner(loop_factory=Counted) as runner:
        return runner.run(taken(growing, case, directory, lives))


async def taken(growing: Growing, case: Case, directory: Path, lives: Sequence[range]) -> list[Step]:
    """Each life of the service with its requests. What is made behind the last of all may end."""
    model, steps = Stub(), list[Step]()
    before: tuple[Call, Call] | None = None
    now = asyncio.get_running_loop().time
    for life in lives:
        async with service(directory, model) as compression:
            for number in life:
                call, spent, began = growing.call(number), model.begin(), now()
                sent, how, replaced = await shortened(compression, case, call, f"req_{number}")
                steps.append(step(before, (call, sent), (how, replaced), now() - began, bool(model.working), spent))
                before = call, sent
                await asyncio.sleep(PAUSE_SECONDS if number + 1 < len(growing) else compressing.LONGEST_SECONDS)
    return steps


def step(
    before: tuple[Call, Call] | None, pair: tuple[Call, Call], came: tuple[str, int], waited: float, unfinished: bool, spent: Spent
) -> Step:
    """One request as it came and as it went on, and the one before it."""
    known = [shared(old, new) for old, new in zip(before, pair, strict=True)] if before else [0, 0]
    call, sent = pair
    return Step(
        whole=call.input_estimate,
        whole_known=known[0],
        sent=sent.input_estimate,
        sent_known=known[1],
        how=came[0],
        replaced=came[1],
        waited=waited,
        unfinished=unfinished,
        spent=spent,
        fitted=fits(sent, WINDOW),
        whole_fitted=fits(call, WINDOW),
    )


@contextlib.asynccontextmanager
async def service(directory: Path, model: Stub) -> AsyncIterator[Compression]:
    """The service as its process puts it together, and as it ends, but for gRPC and the model."""
    engine = database.connect(f"sqlite+aiosqlite:///{directory / 'conversations.db'}")
    figures, loop = CompressionFigures(CollectorRegistry()), asyncio.get_running_loop()

    def now() -> int:
        return STARTED_MS + round(loop.time() * 1000)

    summaries, spending, originals = (Threaded(store(engine)) for store in (SqlSummaries, SqlSpending, SqlOriginals))
    try:
        await database.migrate(engine)
        recall, keeping = Recall(Memory(), summaries, now), Keeping(originals, now)
        asking = Asking(model, spending, figures, now)
        use_case = Compressing(recall, asking)
        try:
            yield Compression(use_case, keeping, figures)
        finally:
            await use_case.close()
            await asyncio.gather(recall.drain(), keeping.drain(), asking.drain())
    finally:
        await engine.dispose()


@dataclass(frozen=True, slots=True)
class Context:
    """What of gRPC's context the servicer asks."""

    seconds: float

    def time_remaining(self) -> float | None:
        return self.seconds

    async def abort(self, code: object, message: str) -> None:
        raise AssertionError(f"{code}: {message}")


async def shortened(compression: Compression, case: Case, call: Call, request_id: str) -> tuple[Call, str, int]:
    """What goes on to the model, how that came, and how many turns a summary stands for."""
    policy = case.policy
    seen = Policy(True, policy.tokens, policy.turns, policy.seconds, policy)
    if fits(call, WINDOW) and not long(call, seen, WINDOW):
        return call, "", 0
    ask = asking(call, seen, request_id)
    context: Any = Context(ask.seconds)
    turns, came = told(call, request_id, await compression.Compress(question(call, ask), context))
    if turns is None:
        return call, came.how if came is not None else "short", 0
    assert came is not None
    shorter = replace(call, turns=list(turns))
    shorter.input_estimate = prompt_tokens(shorter)
    return shorter, came.how, came.replaced_turns


def asking(call: Call, policy: Policy, request_id: str, key_id: str = KEY) -> Shortening:
    """What the data plane asks the summarizer."""
    return Shortening(
        key_id=key_id,
        request_id=request_id,
        overhead_tokens=prompt_tokens(replace(call, turns=[])),
        room_tokens=room(call, WINDOW),
        only_to_fit=False,
        policy=policy,
        seconds=policy.seconds,
        threshold_tokens=threshold(policy, WINDOW),
    )


# ---- what the provider has read before


def shared(before: Call, now: Call) -> int:
    """Tokens at the beginning of a request that the one before began with too: system prompt and tools, turns, and of the
    first turn that differs what it begins with. A provider's cache can hold no more.
    """
    tokens = float(prompt_tokens(replace(now, turns=[])))
    for old, new in zip(before.turns, now.turns, strict=False):
        if old != new:
            return round(tokens + text_tokens(beginning(words(old), words(new))))
        tokens += turn_tokens(new)
    return min(round(tokens), now.input_estimate)


def beginning(old: str, new: str) -> str:
    """What both begin with."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    return new[: sum(1 for _ in same)]


def words(turn: Turn) -> str:
    return "".join(part.text for part in turn.parts if isinstance(part, Text))


# ---- the other way to cut


@contextlib.contextmanager
def every_turn() -> Iterator[None]:
    """Meanwhile a long conversation is cut at every turn anew."""
    with mock.patch.object(compressing, "plan", sliding):
        yield


def sliding(conversation: Conversation, policy: Settings) -> planning.Plan:
    """The plan of a window that slides along: from the moment at which a conversation is long its latest turns stay, and
    nothing else does.
    """
    bounds = lengths.lengths(policy, conversation.room)
    sizes, places = planning.Sizes(conversation, bounds), planning.Places(conversation.turns)
    cuts: list[int] = []
    for end in planning.moments(conversation.turns):
        if sizes.tokens(0, end) > bounds.threshold or end > policy.turns:
            boundary = cuts[-1] if cuts else 0
            cut = places.best(boundary, end, policy.keep_turns, policy.tool_lookback)
            cuts += [cut] if cut > boundary else []
    return planning.Plan(tuple(cuts))
