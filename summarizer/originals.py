"""Keeping what was replaced, behind the back of whoever is waiting for his answer; and giving it out."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from summarizer.compressing import Shortened
from summarizer.errors import Absent, Refused, StoreAway
from summarizer.ports import Errand, Originals
from summarizer.shortening.conversation import Call, Conversation, Opaque, Part, Result, Text, Turn
from summarizer.shortening.summary import Passage, Replaced

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
# So many wait to be stored at most, and so many tokens of them; what comes then cannot be fetched later.
MOST_WAITING, MOST_WAITING_TOKENS = 64, 8_000_000
# From so many tokens on it would hold up everybody else to write them out here.
THREAD_TOKENS = 20_000
# Passages that are known to be stored: by name only, so that a growing conversation is written out once.
MOST_KNOWN = 10_000


class Keeping:
    """`now` is epoch milliseconds."""

    def __init__(self, store: Originals, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now
        self._known: OrderedDict[tuple[str, bytes], None] = OrderedDict()
        self._writing: set[asyncio.Task[None]] = set()
        self._waiting_tokens = 0

    def keep(self, errand: Errand, conversation: Conversation, done: Shortened, hours: int) -> None:
        """Have it stored for so many hours; 0: not at all."""
        if not hours:
            return
        tokens = sum(turn.tokens for turn in conversation.turns)
        if len(self._writing) >= MOST_WAITING or (self._writing and self._waiting_tokens + tokens > MOST_WAITING_TOKENS):
            log.warning("what was replaced is not kept id=%s: too much waits to be stored", errand.request_id)
            return
        self._waiting_tokens += tokens

        def over(task: "asyncio.Task[None]") -> None:
            self._writing.discard(task)
            self._waiting_tokens -= tokens

        task = asyncio.ensure_future(self._keep(errand, conversation, done, hours))
        self._writing.add(task)
        task.add_done_callback(over)

    async def find(self, request_id: str, key_id: str) -> bytes:
        """JSON text as the contract has it. Raises Absent, StoreAway."""
        return told(await self._store.find(request_id, key_id, self._now()))

    async def drain(self) -> None:
        """Wait until everything is stored, as far as it can be."""
        while self._writing:
            await asyncio.gather(*self._writing)

    async def _keep(self, errand: Errand, conversation: Conversation, done: Shortened, hours: int) -> None:
        last = errand.key_id, done.marks[-1][1]
        known = max((count for count, (_, name) in enumerate(done.marks, 1) if (errand.key_id, name) in self._known), default=0)
        replaced = self._replaced(errand, done, hours)
        try:
            try:
                await self._store.keep(replace(replaced, passages=await passages(conversation.turns, done.marks, known)))
            except Absent:  # what was known has gone meanwhile
                await self._store.keep(replace(replaced, passages=await passages(conversation.turns, done.marks)))
        except (StoreAway, Refused) as error:
            log.warning("what was replaced is not kept id=%s: %s", errand.request_id, error)
            return
        self._known[last] = None
        self._known.move_to_end(last)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _replaced(self, errand: Errand, done: Shortened, hours: int) -> Replaced:
        now = self._now()
        return Replaced(
            request_id=errand.request_id,
            key_id=errand.key_id,
            passage=done.marks[-1][1],
            replaced_turns=done.assembled.replaced,
            saved_tokens=done.saved,
            spent_tokens=done.spent,
            source=done.source,
            opening=dumped([spelled(turn) for turn in done.assembled.opening]),
            at=now,
            expires_at=now + hours * HOUR_MS,
        )


async def passages(turns: Sequence[Turn], marks: Sequence[tuple[int, bytes]], known: int = 0) -> list[Passage]:
    """What lies between the cuts, without so many passages at the beginning."""
    borders = [(0, b""), *marks][known:]

    def written() -> list[Passage]:
        return [
            Passage(name, previous, first, dumped([spelled(turn) for turn in turns[first:end]]))
            for (first, previous), (end, name) in pairwise(borders)
        ]

    large = sum(turn.tokens for turn in turns[borders[0][0] : borders[-1][0]]) > THREAD_TOKENS
    return await asyncio.to_thread(written) if large else written()


def told(replaced: Replaced) -> bytes:
    """What a compression did, as people read it; the passages are JSON already."""
    turns = b",".join(inner for passage in replaced.passages if (inner := passage.turns.strip()[1:-1]))
    rest = {
        "requestId": replaced.request_id,
        "replacedTurns": replaced.replaced_turns,
        "savedTokens": replaced.saved_tokens,
        "spentTokens": replaced.spent_tokens,
        "source": replaced.source,
        "at": moment(replaced.at),
        "expiresAt": moment(replaced.expires_at),
    }
    return b'{"turns":[' + turns + b'],"replacedBy":' + replaced.opening + b"," + dumped(rest)[1:]


def spelled(turn: Turn) -> dict[str, Any]:
    return {"role": turn.role, "parts": [part for each in turn.parts for part in _parts(each)]}


def _parts(part: Part) -> list[dict[str, Any]]:
    match part:
        case Text(text):
            return [{"type": "text", "text": text}]
        case Call(id, name, arguments):
            return [{"type": "tool_call", "id": id, "name": name, "arguments": arguments}]
        case Result(call_id, text, is_error, opaque):
            others = [{"type": kind} for kind in opaque]
            return [{"type": "tool_result", "callId": call_id, "text": text, "isError": is_error, "others": others}]
        case Opaque(kind):
            return [{"type": kind}]


def moment(ms: int) -> str:
    """ISO 8601, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
