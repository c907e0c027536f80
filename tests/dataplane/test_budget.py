"""What a stream asks for, and when it waits."""

import asyncio
from dataclasses import replace

import pytest

from dataplane.budget import STEP, OutputBudget
from dataplane.conversation.events import Started, TextDelta, ToolCallDelta, ToolCallEnded, ToolCallStarted
from dataplane.errors import Kind, Limited, Unavailable
from tests.dataplane.fakes import LEASE

REFUSED = Limited("the key's tokens are spent", kind=Kind.QUOTA_EXHAUSTED)


def leased(reserved):
    return replace(LEASE, output_reserved=reserved)


class Asked:
    """A control plane that is asked for more; `answers` are given one after another, once `open` is set."""

    def __init__(self, *answers):
        self.answers, self.asks = list(answers), []
        self.open = asyncio.Event()
        self.open.set()

    async def extend(self, lease_id, output_tokens):
        assert lease_id == "lease-1"
        self.asks.append(output_tokens)
        await self.open.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Wrote:
    """A decoder that wrote so many tokens; each batch is the text of those that are new."""

    def __init__(self):
        self.over, self.written, self.cut = False, 0.0, 0.0

    def write(self, tokens):
        self.written += tokens
        return [TextDelta("x" * round(tokens * 3.5))]

    def truncate(self, tokens):
        self.over, self.cut = True, tokens


async def settle():
    for _ in range(3):
        await asyncio.sleep(0)


async def test_more_is_asked_for_ahead_of_need_once():
    control, decoder = Asked(8192), Wrote()
    budget = OutputBudget(control, leased(4096), None)
    await budget.fit(decoder.write(2048), decoder)
    await settle()
    assert control.asks == []
    control.open.clear()
    for _ in range(3):
        events = decoder.write(10)
        assert await budget.fit(events, decoder) is events
        await settle()
    assert control.asks == [STEP]
    control.open.set()
    await settle()
    await budget.fit(decoder.write(4000), decoder)
    await settle()
    assert control.asks == [STEP], "half of the new step is left"


async def test_a_stream_that_is_faster_than_the_answer_waits_for_it():
    control, decoder = Asked(8192), Wrote()
    control.open.clear()
    budget = OutputBudget(control, leased(4096), None)
    await budget.fit(decoder.write(3000), decoder)
    events = decoder.write(2000)
    waiting = asyncio.ensure_future(budget.fit(events, decoder))
    await settle()
    assert not waiting.done()
    control.open.set()
    assert await waiting is events
    assert control.asks == [STEP]


async def test_at_the_line_the_question_is_as_large_as_the_need():
    control, decoder = Asked(20_000), Wrote()
    budget = OutputBudget(control, leased(4096), None)
    events = decoder.write(20_000)
    assert await budget.fit(events, decoder) is events
    assert control.asks == [20_000 - 4096]


@pytest.mark.parametrize("refusal", [REFUSED, Unavailable("the control plane is away", kind=Kind.STANDBY)])
async def test_refused_the_answer_ends_at_the_line(refusal):
    control, decoder = Asked(refusal, refusal), Wrote()
    budget = OutputBudget(control, leased(100), None)
    first = decoder.write(90)
    assert await budget.fit(first, decoder) is first
    await settle()
    assert not decoder.over
    assert await budget.fit(decoder.write(20), decoder) == [TextDelta("x" * 35)]
    assert (decoder.over, decoder.cut) == (True, 10)
    assert len(control.asks) == 2, "ahead of need, and once more when it was needed"


async def test_what_was_refused_ahead_of_need_may_be_granted_at_the_line():
    control, decoder = Asked(REFUSED, 200), Wrote()
    budget = OutputBudget(control, leased(100), None)
    for _ in range(3):
        await budget.fit(decoder.write(30), decoder)
        await settle()
    assert len(control.asks) == 1
    events = decoder.write(30)
    assert await budget.fit(events, decoder) is events


async def test_a_grant_of_nothing_is_a_refusal():
    control, decoder = Asked(100, 100), Wrote()
    budget = OutputBudget(control, leased(100), None)
    await budget.fit(decoder.write(120), decoder)
    assert decoder.over


async def test_the_clients_limit_bounds_what_is_asked_for():
    control, decoder = Asked(5000), Wrote()
    budget = OutputBudget(control, leased(4096), 5000)
    await budget.fit(decoder.write(3000), decoder)
    await settle()
    await budget.fit(decoder.write(1900), decoder)
    await settle()
    assert control.asks == [904]


async def test_where_the_upstream_counts_less_than_we_do_more_is_asked_for_when_it_is_needed():
    control, decoder = Asked(200), Wrote()
    budget = OutputBudget(control, leased(100), 100)
    await budget.fit(decoder.write(99), decoder)
    await settle()
    assert control.asks == []
    await budget.fit(decoder.write(11), decoder)
    assert (control.asks, decoder.over) == ([100], False)


async def test_an_answer_that_is_over_asks_for_what_it_lacks():
    control, decoder = Asked(110), Wrote()
    budget = OutputBudget(control, leased(100), None)
    decoder.over = True
    await budget.fit(decoder.write(110), decoder)
    assert control.asks == [10]


async def test_a_call_whose_start_is_out_is_closed():
    control, decoder = Asked(REFUSED, REFUSED), Wrote()
    budget = OutputBudget(control, leased(10), None)
    decoder.written = 2
    await budget.fit([Started(), ToolCallStarted("1", "Read")], decoder)
    decoder.written = 12
    assert await budget.fit([ToolCallDelta("x" * 35)], decoder) == [ToolCallDelta("x" * 28), ToolCallEnded()]


async def test_a_client_that_leaves_while_more_is_asked_for_leaves_nothing_behind():
    control, decoder = Asked(8192), Wrote()
    control.open.clear()
    budget = OutputBudget(control, leased(10), None)
    waiting = asyncio.ensure_future(budget.fit(decoder.write(20), decoder))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(asyncio.all_tasks()) == 1
