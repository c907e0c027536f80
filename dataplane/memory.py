"""Remember: what was said before, where a client leaves it to the gateway to know, and what this request came to.

Two ways (outside contract, section 4). A dialect's clients name earlier answers by id: these are
fetched before the body is read. With an upstream whose clients send only what is new, the turns of
the key's user are put in front: such a session is taken for one turn and free again at its end.

What is to be kept is kept before the client has the end of its answer, for then it may ask for it.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import Self

from dataplane import telemetry
from dataplane.admission import Grant
from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.events import Event, TextDelta
from dataplane.conversation.kept import Recalled, Said, SessionTurn
from dataplane.conversation.model import Call, Text, Turn
from dataplane.dialects.base import Dialect, Encoder
from dataplane.errors import GatewayError, Kind, Limited, Unavailable
from dataplane.ports import Client, Control, Conversations
from dataplane.progress import Progress, Request
from dataplane.upstreams.base import Lease, Upstream

log = logging.getLogger(__name__)

# A turn of a session ends by rule so long after its request should have begun to be answered.
TURN_SECONDS = 300.0
# How long a request waits for the turn before it.
WAIT_SECONDS = 30.0
# What is reserved of a prompt, of what it is estimated at (outside contract, section 3).
MARGIN = 1.1
# What the header calls an answer that could not be kept.
STORE = "store"


async def recalled(control: Control, store: Conversations, dialect: Dialect, request: Request) -> Recalled | None:
    """What of kept conversations the request builds on; None for nothing. Raises NotFound, Unavailable, and what the key is
    refused for.
    """
    recall = dialect.recalls(request.body)
    if recall is None:
        return None
    identity = await control.identify(request.caller)
    return await store.recall(identity.key_id, recall)


class Memory(AbstractAsyncContextManager["Memory"]):
    """One request's part in what is kept. `first_token_seconds` is when its answer must have begun."""

    def __init__(self, store: Conversations, progress: Progress, client: Client, first_token_seconds: float) -> None:
        self._store = store
        self._progress = progress
        self.client = client
        self._life = first_token_seconds + TURN_SECONDS
        # The turn that is held, and what was said before it.
        self._turn: SessionTurn | None = None
        self._said: Sequence[Said] | None = None
        self._heard: list[str] = []
        # Whether the answer's text is wanted.
        self.listens = False
        # Tokens of the prompt that the request's reservation is good for.
        self._reserved = progress.call.input_estimate

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None) -> None:
        """A turn that came to nothing is given back, also when the client has left."""
        if self._turn is not None:
            await self._end(self._turn, ())

    async def lease(self, grant: Grant, call: Call, upstreams: Mapping[str, Upstream]) -> Lease:
        """The next account; where it wants to be told what was said before, the user's session is taken too.

        Nobody holds an account while he waits for the session's turn before. Raises Unavailable, Limited.
        """
        lease = await grant.lease()
        while self._said is None and self._wanted(call, upstreams[lease.kind], lease):
            if not await self._begin(call, 0):
                await grant.rest()
                await self._begin(call, WAIT_SECONDS)
                lease = await grant.lease()
        self._progress.begin(lease)
        return lease

    async def recall(self, control: Control, call: Call, upstream: Upstream, lease: Lease) -> Call:
        """The call with what was said in the user's session before, if one was taken: as much of the latest as there is
        room for. What it makes the prompt longer by is reserved of the key's limits. Raises Limited.
        """
        self._heard = []
        if not self._said:
            return call
        room = upstream.room(lease)
        before = self._said if room is None else latest(self._said, room - length(call))
        longer = replace(call, turns=[*map(spoken, before), *call.turns], raw=b"")
        longer.input_estimate = prompt_tokens(longer)
        if lease.output_reserved is not None and longer.input_estimate > self._reserved:
            more = round((longer.input_estimate - self._reserved) * MARGIN)
            lease.output_reserved = await control.extend(lease.lease_id, 0, more)
            self._reserved = longer.input_estimate
        return longer

    def unable(self, call: Call, lease: Lease) -> list[str]:
        """What the client asked to be kept and will not be, as far as can be told beforehand. Raises Unavailable for a
        strict key.
        """
        if not call.keep or self._store.reachable:
            return []
        if lease.strict:
            told = "answers cannot be kept now, and the key is strict; try again in a moment"
            raise Unavailable(told, kind=Kind.STORE_AWAY, retry_after=1)
        return [STORE]

    def hear(self, events: Sequence[Event]) -> None:
        """More of the answer, as the client gets it."""
        self._heard += (event.text for event in events if isinstance(event, TextDelta))

    async def keep(self, encoder: Encoder) -> None:
        """The answer is whole: keep what is to be kept of it. The client gets it even where that fails."""
        try:
            if self._turn is not None:
                turn, self._turn = self._turn, None
                await self._store.end(self._progress.key_id, turn, said(self._progress.call, "".join(self._heard)))
            if encoder.kept is not None and STORE not in self._progress.dropped:
                await self._store.keep(self._progress.key_id, encoder.kept)
        except GatewayError as error:
            telemetry.NOT_KEPT.inc()
            log.warning("answer not kept id=%s: %s", self._progress.request.id, error.message)
            self._progress.dropped = list(dict.fromkeys((*self._progress.dropped, STORE)))
            self.client.say("x-headgate-dropped", ",".join(self._progress.dropped))

    def _wanted(self, call: Call, upstream: Upstream, lease: Lease) -> bool:
        named = call.by_user and bool(call.user) and self._progress.request.remembers
        # As the client sent it: a summary in the place of its beginning is followed by an answer of our own.
        return named and upstream.room(lease) is not None and not answered(self._progress.call)

    async def _begin(self, call: Call, wait_seconds: float) -> bool:
        """Take the session; False when somebody else has it and nobody is to wait."""
        turn = SessionTurn(call.user, f"{self._progress.request.id}-{os.urandom(4).hex()}")
        try:
            self._said = await self._store.begin(self._progress.key_id, turn, self._life, wait_seconds)
        except Limited:
            if wait_seconds:
                raise
            return False
        self._turn, self.listens = turn, True
        return True

    async def _end(self, turn: SessionTurn, added: Sequence[Said]) -> None:
        self._turn = None
        try:
            await self._store.end(self._progress.key_id, turn, added)
        except GatewayError as error:
            log.warning("session not given back id=%s: %s", self._progress.request.id, error.message)


def answered(call: Call) -> bool:
    """Whether the request brings its own history."""
    return any(turn.role == "assistant" for turn in call.turns)


def spoken(one: Said) -> Turn:
    return Turn("assistant" if one.by_assistant else "user", [Text(one.text)])


def said(call: Call, answer: str) -> list[Said]:
    """What a request and its answer add to a session: words only, which is all that such an upstream takes."""
    words = (text for turn in call.turns if turn.role == "user" for text in texts(turn))
    return [*(Said(by_assistant=False, text=text) for text in words), Said(by_assistant=True, text=answer)]


def texts(turn: Turn) -> list[str]:
    """The turn's words as one text, if it has any."""
    text = "\n\n".join(part.text for part in turn.parts if isinstance(part, Text) and part.text)
    return [text] if text else []


def length(call: Call) -> int:
    """Characters of what the request itself says."""
    return sum(map(len, call.system)) + sum(len(text) for turn in call.turns for text in texts(turn))


def latest(before: Sequence[Said], room: int) -> Sequence[Said]:
    """The end of a session that fits into so many characters; it begins with what a user said."""
    begin = at = len(before)
    while at and (room := room - len(before[at - 1].text)) >= 0:
        at -= 1
        if not before[at].by_assistant:
            begin = at
    return before[begin:]
