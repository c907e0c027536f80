"""The output that is reserved for an answer, and more of it asked for ahead of need.

A key with limits has a step of output reserved for each of its requests, so that what is open never
spends beyond them. A stream asks for its next step while it still has half of the last one, and waits only
where it is faster than the answer. Where there is no more to be had, the answer ends with what is
reserved.
"""

import asyncio
import math

from dataplane.conversation.events import Event
from dataplane.errors import GatewayError
from dataplane.ports import Control
from dataplane.upstreams.base import Decoder, Lease
from dataplane.upstreams.filters.shortening import ends_in_call, shortened

# Tokens that are asked for at a time.
STEP = 4096
# Sums of fractions of tokens drift; this is less than a character.
SLACK = 0.01


class OutputBudget:
    """`max_tokens` is the client's limit, None for none. What is reserved is the request's, so the lease is told
    as it grows: another attempt may use it.
    """

    def __init__(self, control: Control, lease: Lease, max_tokens: int | None) -> None:
        self._control = control
        self._lease = lease
        self._reserved = lease.output_reserved or 0
        self._most = math.inf if max_tokens is None else max_tokens
        # How much must have been written before more is asked for.
        self._ask_at = self._half_of(self._reserved)
        self._asking: asyncio.Task[bool] | None = None
        # Whether a call is open in what has gone out.
        self._in_call = False

    async def fit(self, events: list[Event], decoder: Decoder) -> list[Event]:
        """What of `events`, the latest of `decoder`, may go out; where that is not all, the answer is over."""
        written = decoder.written
        if written > self._ask_at and not decoder.over:
            self._ask(written, over=False)
        if written - self._reserved > SLACK:
            await self._reach(written, over=decoder.over)
        return self.cut(events, decoder)

    def cut(self, events: list[Event], decoder: Decoder) -> list[Event]:
        """As `fit`, with what is reserved by now: an answer that broke off waits for nothing more."""
        beyond = decoder.written - self._reserved
        if beyond > SLACK:
            decoder.truncate(beyond)
            return shortened(events, beyond, in_call=self._in_call)
        self._in_call = ends_in_call(events, in_call=self._in_call)
        return events

    async def _reach(self, written: float, *, over: bool) -> None:
        """Wait until `written` tokens are reserved, the last ones of an answer that is `over`, or refused.

        What was refused ahead of need is asked for once more: other requests of the key have ended since.
        """
        while written - self._reserved > SLACK:
            ahead = self._asking
            granted = await (ahead or self._ask(written, over=over))
            if not granted and ahead is None:
                return

    def _ask(self, written: float, *, over: bool) -> "asyncio.Task[bool]":
        """One question at a time. Nobody need wait for it: when the answer is over before, it changes nothing."""
        if self._asking is None:
            needed = math.ceil(written - self._reserved)
            self._asking = asyncio.ensure_future(self._extend(needed if over else max(needed, self._step())))
        return self._asking

    async def _extend(self, tokens: int) -> bool:
        """Whether there is more now."""
        before = self._reserved
        try:
            self._reserved = max(before, await self._control.extend(self._lease.lease_id, tokens))
        except GatewayError:
            # Until it is really needed.
            self._ask_at = math.inf
            return False
        finally:
            self._asking = None
        self._lease.output_reserved = self._reserved
        self._ask_at = self._half_of(self._reserved - before)
        return self._reserved > before

    def _step(self) -> int:
        """What the client's limit still allows; beyond it, where the upstream counts less than we do, as much again."""
        left = self._most - self._reserved
        return int(min(STEP, left if left > 0 else self._most))

    def _half_of(self, step: int) -> float:
        """Where half of the last step is left; nowhere if the client wants no more than what is reserved."""
        return self._reserved - step / 2 if self._reserved < self._most else math.inf
