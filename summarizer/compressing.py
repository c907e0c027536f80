"""Shortening a conversation: plan, what is remembered, what has to be asked of the model, assembly."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from summarizer.asking import Asking
from summarizer.errors import Late, ModelFailed, OverBudget, Unshortened, Wordless
from summarizer.making import Making, waited
from summarizer.openings import Openings
from summarizer.ports import Errand
from summarizer.recall import Known, Recall
from summarizer.shortening import prompts
from summarizer.shortening.assembly import Assembled, worth
from summarizer.shortening.batches import batches, names
from summarizer.shortening.conversation import Conversation
from summarizer.shortening.lengths import lengths
from summarizer.shortening.plan import MARGIN, plan
from summarizer.shortening.policy import Policy
from summarizer.shortening.summary import Summary

log = logging.getLogger(__name__)

# When time is over, so long is still looked for the summary of an earlier cut.
EARLIER_SECONDS = 0.2
# A request whose conversation can go as it is waits so long at most: a first summary takes a minute or two, so longer would
# mostly be in vain. Much less than the ten seconds after which a stream is opened, for until then what the upstream says can
# still be a status.
FITTING_SECONDS = 4.0
# What is made behind the requests that caused it ends after so long.
LONGEST_SECONDS = 300.0
# So many are made at a time: each is a row of calls that take places at accounts.
MOST_OF_A_KEY, MOST_ALTOGETHER = 8, 128
# A model that had no words for a part, or would not speak of it, is not asked for the same again so soon.
DECLINED_SECONDS = 600.0
MOST_DECLINED = 10_000


class Source(StrEnum):
    """How a summary was had."""

    MODEL = "model"
    INCREMENTAL = "incremental"
    MEMORY = "memory"
    STORE = "store"


class Why(StrEnum):
    """Why a conversation passes as it came."""

    SHORT = "short"
    NO_GAIN = "no-gain"
    MODEL_FAILED = "model-failed"
    LATE = "late"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True)
class Shortened:
    """`marks`: how many turns lie before each cut, with the name of everything before it. `saved` and `spent` in tokens."""

    assembled: Assembled
    marks: Sequence[tuple[int, bytes]]
    source: Source
    saved: int
    spent: int


@dataclass(frozen=True, slots=True)
class Passed:
    """It passes as it came; `spent` tokens nevertheless."""

    why: Why
    spent: int = 0


@dataclass(slots=True)
class Task:
    """One conversation on its way: its cuts, where its batches end, the name of everything before each end. `spent` tokens on
    what was `made`.
    """

    errand: Errand
    conversation: Conversation
    policy: Policy
    cuts: Sequence[int]
    named: Mapping[int, bytes]
    spent: int = 0
    made: Summary | None = None

    @property
    def boundary(self) -> int:
        return self.cuts[-1]

    @property
    def name(self) -> tuple[str, bytes]:
        """The same for all requests of a conversation."""
        return self.errand.key_id, next(iter(self.named.values()))


class Compressing:
    """The use case. Nothing of one key is ever used for another."""

    def __init__(self, recall: Recall, asking: Asking) -> None:
        self._recall = recall
        self._asking = asking
        self._openings = Openings()
        self._makings: dict[tuple[str, bytes], Making] = {}
        # Parts that the model has no words for, by key and name, and until when nobody asks again.
        self._declined: dict[tuple[str, bytes], float] = {}

    async def compress(self, errand: Errand, conversation: Conversation, policy: Policy, seconds: float) -> Shortened | Passed:
        """Within so many seconds, and less where the conversation can go as it is: its summary is then finished behind it.
        Cancelled, it leaves what was summarised until then.
        """
        made = plan(conversation, policy)
        if not made.boundary:
            return Passed(Why.SHORT if short(conversation, policy) else Why.NO_GAIN)
        ends = batches(conversation.turns, made.cuts, policy)
        named = dict(zip(ends, names(conversation.turns, ends, policy), strict=True))
        task = Task(errand, conversation, policy, made.cuts, named)
        try:
            summary, source = await self._summarised(task, asyncio.get_running_loop().time(), seconds)
        except Unshortened as error:
            log.info("not summarised id=%s: %s", errand.request_id, error)
            return await self._earlier(task) or Passed(WHY[type(error)], task.spent)
        return await self._assembled(task, summary, source) or Passed(Why.NO_GAIN, task.spent)

    async def close(self) -> None:
        """End what is on its way; what was made of it is kept."""
        tasks = [making.task for making in self._makings.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _summarised(self, task: Task, began: float, seconds: float) -> tuple[Summary, Source]:
        """Requests of one conversation never ask the model for the same: who comes second waits for what the first makes."""
        known = await self._known(task, began + seconds)
        if known is None or known.summary.turns < task.boundary or self._making(task) is not None:
            until = began + (min(seconds, FITTING_SECONDS) if await self._can_go(task) else seconds)
            try:
                return await self._waited(task, known, until)
            except Late:
                if known is None or known.summary.turns < task.boundary:
                    raise
        return known.summary, had(known)

    async def _waited(self, task: Task, known: Known | None, until: float) -> tuple[Summary, Source]:
        while True:
            making = self._making(task) or self._makings.get(task.name)
            if making is None and known is not None and known.summary.turns >= task.boundary:
                return known.summary, had(known)
            if making is None:
                made = await waited(self._begun(task, known), until)
                if made is None:
                    raise Late("it was ended")
                return made, Source.MODEL if known is None else Source.INCREMENTAL
            made = await waited(making, until)
            if made is not None and made.name == task.named[task.boundary]:
                return made, Source.MEMORY
            known = await self._known(task, until)

    def _making(self, task: Task) -> Making | None:
        """Whether what the task wants is being made. What is known of it meanwhile may still become shorter."""
        making = self._makings.get(task.name)
        return making if making is not None and making.turns == task.boundary else None

    async def _can_go(self, task: Task) -> bool:
        """Whether the model can read the conversation without the summary: as it is, or with an earlier one."""
        earlier = None if fits(task.conversation) else await self._earlier(task)
        return fits(task.conversation) or (earlier is not None and earlier.assembled.tokens * MARGIN <= task.conversation.room)

    def _begun(self, task: Task, known: Known | None) -> Making:
        own = sum(key_id == task.errand.key_id for key_id, _ in self._makings)
        if own >= MOST_OF_A_KEY or len(self._makings) >= MOST_ALTOGETHER:
            raise Late("too many summaries are being made")
        work = asyncio.ensure_future(self._extended(task, known.summary if known is not None else None))
        self._makings[task.name] = making = Making(work, task.boundary)

        def over(work: "asyncio.Task[Summary]") -> None:
            if self._makings.get(task.name) is making:
                del self._makings[task.name]
            # Nobody may be waiting any more who would look.
            if not work.cancelled() and (error := work.exception()) is not None and not isinstance(error, Unshortened):
                log.error("a summary could not be made", exc_info=error)

        work.add_done_callback(over)
        return making

    def _decline(self, key_id: str, name: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._declined) >= MOST_DECLINED:
            self._declined = {each: until for each, until in self._declined.items() if until > now}
        self._declined[key_id, name] = now + DECLINED_SECONDS

    async def _known(self, task: Task, until: float) -> Known | None:
        try:
            async with asyncio.timeout_at(until):
                return await self._recall.latest(task.errand.key_id, list(task.named.values()), task.policy)
        except TimeoutError:
            raise Late("what is known could not be looked up in time") from None

    async def _extended(self, task: Task, known: Summary | None) -> Summary:
        """The summary of all that is replaced. What was made of it is kept, however this ends."""
        made = known
        left = task.conversation.turns[known.turns if known is not None else 0 : task.boundary]
        cost = sum(turn.tokens for turn in left)
        try:
            async with asyncio.timeout(LONGEST_SECONDS), self._asking.promised(task.errand, task.policy, cost):
                for end, name in task.named.items():
                    if made is None or end > made.turns:
                        made = await self._next(task, made, end, name)
        except TimeoutError:
            raise Late("it took too long") from None
        finally:
            if task.made is not None:
                self._recall.keep(task.errand.key_id, task.made, task.policy)
        assert made is not None, "what has a boundary has a batch"
        return made

    async def _next(self, task: Task, known: Summary | None, end: int, name: bytes) -> Summary:
        """One batch more."""
        policy, room = task.policy, task.conversation.room
        begin, sections = (known.turns, list(known.sections)) if known is not None else (0, [])
        turns = task.conversation.turns[begin:end]
        if self._declined.get((task.errand.key_id, name), 0.0) > asyncio.get_running_loop().time():
            raise ModelFailed("the model had no word for this part a moment ago")
        prompt = prompts.section(turns, sections, policy, room)
        try:
            sections.append(await self._asked(task, prompt))
        except Wordless:
            self._decline(task.errand.key_id, name)
            raise
        made = self._noted(task, name, end, sections)
        while count := prompts.foldable(sections, policy, room):
            folded = await self._asked(task, prompts.fold(sections[:count], policy, room))
            if len(folded) >= sum(map(len, sections[:count])):
                break  # a model that does not shorten will not the next time
            sections[:count] = [folded]
            made = self._noted(task, name, end, sections)
        return made

    def _noted(self, task: Task, name: bytes, end: int, sections: Sequence[str]) -> Summary:
        """What is paid for is never asked for again, even if the next call fails."""
        made = task.made = Summary(name, end, tuple(sections))
        self._recall.note(task.errand.key_id, made, task.policy)
        return made

    async def _asked(self, task: Task, prompt: prompts.Prompt) -> str:
        text, tokens = await self._asking.ask(task.errand, task.policy, prompt)
        task.spent += tokens
        if not text:
            raise Wordless("the model answered without a word")
        return text

    async def _earlier(self, task: Task) -> Shortened | None:
        """With the cut before, whose summary may be known: more is sent than should be, but less than everything."""
        cuts = [cut for cut in task.cuts if cut < task.boundary]
        if not cuts:
            return None
        try:
            async with asyncio.timeout(EARLIER_SECONDS):
                known = await self._recall.latest(task.errand.key_id, [task.named[cut] for cut in cuts], task.policy)
        except TimeoutError:
            return None
        if known is None:
            return None
        return await self._assembled(task, known.summary, Source.INCREMENTAL if task.spent else had(known))

    async def _assembled(self, task: Task, summary: Summary, source: Source) -> Shortened | None:
        """None where nothing is gained."""
        conversation = task.conversation
        assembled = await self._openings.assemble(task.errand.key_id, conversation, summary, task.policy)
        if not worth(conversation, assembled):
            return None
        marks = [(cut, task.named[cut]) for cut in task.cuts if cut <= summary.turns]
        return Shortened(assembled, marks, source, total(conversation) - assembled.tokens, task.spent)


def had(known: Known) -> Source:
    return Source.MEMORY if known.in_memory else Source.STORE


def fits(conversation: Conversation) -> bool:
    """Whether the model can read it as it is, as far as can be told."""
    return not conversation.room or total(conversation) * MARGIN <= conversation.room


def short(conversation: Conversation, policy: Policy) -> bool:
    """Whether there was no reason to shorten it; else there was no way."""
    if not fits(conversation):
        return False
    few = total(conversation) <= lengths(policy, conversation.room).threshold and len(conversation.turns) <= policy.turns
    return few or policy.only_to_fit


def total(conversation: Conversation) -> int:
    """Its tokens, estimated."""
    return conversation.overhead + sum(turn.tokens for turn in conversation.turns)


WHY: Mapping[type[Unshortened], Why] = {ModelFailed: Why.MODEL_FAILED, Wordless: Why.MODEL_FAILED, Late: Why.LATE, OverBudget: Why.BUDGET}
