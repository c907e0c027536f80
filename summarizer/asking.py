"""Asking the model: within a key's budget, and not again at once where it cannot help."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from math import ceil

from headgate.tokens import text_tokens
from summarizer.compression_figures import CompressionFigures
from summarizer.errors import ModelFailed, OverBudget, StoreAway
from summarizer.ports import Errand, Model, Spending
from summarizer.shortening.policy import Policy
from summarizer.shortening.prompts import Prompt

# How long a model is left alone for a key after a failure that will be the same in a moment.
REST_MS = 60_000
MOST_RESTING = 10_000
# A call that has not been answered for so long will not be.
CALL_SECONDS = 60.0
# So long a budget waits for what is still being booked.
BOOKING_SECONDS = 1.0
# What stands at the end of a section whose model reached its limit.
CUT = " [...]"


class Asking:
    """`now` is epoch milliseconds."""

    def __init__(self, model: Model, spending: Spending, figures: CompressionFigures, now: Callable[[], int]) -> None:
        self._model = model
        self._spending = spending
        self._figures = figures
        self._now = now
        # Until when.
        self._resting: dict[tuple[str, str], int] = {}
        self._booking: set[asyncio.Task[None]] = set()
        # Tokens that work under way is likely to cost each key.
        self._promises: Counter[str] = Counter()
        figures.watch(lambda: sum(until > now() for until in self._resting.values()))

    async def ask(self, errand: Errand, policy: Policy, prompt: Prompt) -> tuple[str, int]:
        """The model's text, perhaps none, and the tokens it cost. Raises ModelFailed, OverBudget."""
        who = errand.key_id, policy.model
        if self._now() < self._resting.get(who, 0):
            raise ModelFailed("the model rests after a failure")
        await self._within_budget(errand.key_id, policy)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self._model.ask(errand, policy.model, prompt.system, prompt.text, prompt.max_tokens)
        except TimeoutError:
            self._figures.asked("silent")
            self._unanswered(errand.key_id, prompt)
            self._rest(who)
            raise ModelFailed("the model does not answer") from None
        except ModelFailed as error:
            self._figures.asked("failed")
            if error.lasting:
                self._rest(who)
            raise
        except asyncio.CancelledError:
            self._figures.asked("left")
            self._unanswered(errand.key_id, prompt)
            raise
        self._figures.asked("answered" if answer.text else "wordless")
        self._book(errand.key_id, answer.tokens)
        return answer.text + CUT if answer.text and answer.cut else answer.text, answer.tokens

    @contextlib.asynccontextmanager
    async def promised(self, errand: Errand, policy: Policy, tokens: int) -> AsyncIterator[None]:
        """Work that will cost about so much, of which others of the key know while it is done. Raises OverBudget for what is
        not worth beginning.
        """
        key_id = errand.key_id
        await self._within_budget(key_id, policy, tokens + self._promises[key_id])
        self._promises[key_id] += tokens
        try:
            yield
        finally:
            self._promises[key_id] -= tokens
            if not self._promises[key_id]:
                del self._promises[key_id]

    async def drain(self) -> None:
        """Wait until everything is booked, as far as it can be."""
        while self._booking:
            await asyncio.wait(self._booking)

    async def _within_budget(self, key_id: str, policy: Policy, tokens: int = 1) -> None:
        """Whether so much is left. A cap is a cap: what cannot be looked up counts as spent."""
        if not policy.key_tokens_a_day:
            return
        if self._booking:
            await asyncio.wait(self._booking, timeout=BOOKING_SECONDS)
        try:
            spent = await self._spending.spent(key_id, self._now())
        except StoreAway as error:
            raise OverBudget("what the key has spent cannot be looked up") from error
        if spent + tokens > policy.key_tokens_a_day:
            raise OverBudget("of what summaries may cost the key in a day too little is left")

    def _unanswered(self, key_id: str, prompt: Prompt) -> None:
        """What the model read is paid for; what it wrote nobody knows."""
        self._book(key_id, ceil(text_tokens(prompt.system) + text_tokens(prompt.text)))

    def _book(self, key_id: str, tokens: int) -> "asyncio.Task[None]":
        """Whoever leaves meanwhile has spent it nevertheless."""
        task = asyncio.ensure_future(self._add(key_id, tokens))
        self._booking.add(task)
        task.add_done_callback(self._booking.discard)
        return task

    async def _add(self, key_id: str, tokens: int) -> None:
        try:
            await self._spending.add(key_id, tokens, self._now())
        except StoreAway:
            self._figures.unbooked(tokens)

    def _rest(self, who: tuple[str, str]) -> None:
        now = self._now()
        if len(self._resting) >= MOST_RESTING:
            self._resting = {each: until for each, until in self._resting.items() if until > now}
        self._resting[who] = now + REST_MS
