"""Stream back: upstream bytes into events into dialect bytes, one send for each read.

The opening events are held back until there is real content, so that a fault reported inside a
good-looking stream can still be answered by another account.
"""

import asyncio
from collections.abc import Sequence

from dataplane.budget import OutputBudget
from dataplane.conversation.events import Event, Searched, Started, UsageSeen
from dataplane.dialects.base import Encoder
from dataplane.errors import UpstreamFault
from dataplane.memory import Memory
from dataplane.ports import Stream
from dataplane.progress import Progress
from dataplane.upstreams.base import Decoder, Plan

# Events that are no content: they alone do not commit an answer. What was searched for is worth
# something only with the words that it led to.
PRELUDE = (Started, UsageSeen, Searched)
# How long an answer that was ended here is read on for the figures at its end: the account's place is
# taken meanwhile.
TAIL_SECONDS = 3.0


class Relay:
    """Carries one answer to its regular end, over as many streams as it takes; to the end of its `budget`
    where that comes first.
    """

    def __init__(self, decoder: Decoder, encoder: Encoder, memory: Memory, progress: Progress, budget: OutputBudget | None = None) -> None:
        self._decoder = decoder
        self._budget = budget
        self._encoder = encoder
        self._client = memory.client
        self._memory = memory
        self._progress = progress
        self._held: list[Event] = []
        progress.decoder = decoder

    async def carry(self, stream: Stream) -> Plan | None:
        """Everything `stream` brings. The exchanges by which the answer goes on, None when it has ended."""
        decoder, budget = self._decoder, self._budget
        while not decoder.over and (data := await stream.read()):
            try:
                events = decoder.feed(data)
            except UpstreamFault as fault:
                before = [*fault.before]
                if budget is not None:
                    before = budget.cut(before, decoder)
                if self._client.committed and before:
                    await self._send(before)
                raise
            if budget is not None:
                events = await budget.fit(events, decoder)
            if events:
                await self._send(events)
        last = decoder.finish()
        onward = decoder.onward()
        if onward is not None:
            await self._send(last)
            return onward
        await self._finish(last)
        if decoder.over:
            await self._count(stream)
        return None

    async def _send(self, events: list[Event]) -> None:
        progress = self._progress
        if progress.first_event_ms is None or self._held:
            self._held += events
            if not content(self._held):
                return
            progress.saw_first_event()
            events, self._held = self._held, []
        if self._memory.listens:
            self._memory.hear(events)
        if piece := self._encoder.feed(events):
            await self._client.send(piece)

    async def _finish(self, last: list[Event]) -> None:
        last = self._held + last
        self._progress.saw_first_event()
        self._progress.ended(last)
        if self._memory.listens:
            self._memory.hear(last)
        piece = self._encoder.feed(last) + self._encoder.finish()
        await self._memory.keep(self._encoder)
        await self._client.finish(piece)
        self._progress.served = True

    async def _count(self, stream: Stream) -> None:
        """The client has its whole answer; what the upstream still says counts, for a while."""
        try:
            async with asyncio.timeout(TAIL_SECONDS):
                while data := await stream.read():
                    self._decoder.feed(data)
        except (TimeoutError, UpstreamFault):
            return


def content(events: Sequence[Event]) -> bool:
    """Whether anything here is worth committing to."""
    return any(not isinstance(event, PRELUDE) for event in events)
