"""What is read from the cache is exactly what came before, byte for byte."""

import anthropic
import pytest

MARK = {"cache_control": {"type": "ephemeral"}}
HOUR = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
LONG = "All of this was said before. " * 200  # 1 450 tokens
TOOL = {"name": "read", "input_schema": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}}
MIXED = {"name": "read", "input_schema": {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}}}}


@pytest.fixture
async def ask(sim):
    """Asks and gives what was read, written for five minutes, written for an hour, and fresh."""
    accounts = {}

    async def send(*content, system=LONG, mark=MARK, account="one", **rest):
        if account not in accounts:
            accounts[account] = sim.account()
        request = {"model": "claude-sonnet-4-6", "max_tokens": 100, **rest}
        blocks = [{"type": "text", "text": system, **mark}]
        messages = [{"role": "user", "content": [*content] or "hi"}]
        async with anthropic.AsyncAnthropic(base_url=sim.url, api_key=accounts[account].key) as client:
            usage = (await client.messages.create(system=blocks, messages=messages, **request)).usage
        made = usage.cache_creation
        assert usage.cache_creation_input_tokens == made.ephemeral_5m_input_tokens + made.ephemeral_1h_input_tokens
        return usage.cache_read_input_tokens, made.ephemeral_5m_input_tokens, made.ephemeral_1h_input_tokens, usage.input_tokens

    return send


async def test_the_second_time_is_read(ask):
    read, written, _, fresh = await ask()
    assert read == 0
    assert written > 1400
    assert await ask() == (written, 0, 0, fresh)


async def test_one_changed_byte_is_another_prefix(ask):
    await ask()
    assert (await ask(system=LONG[:-1] + "!"))[0] == 0


async def test_the_order_of_members_matters(ask):
    await ask(tools=[TOOL])
    assert (await ask(tools=[MIXED]))[0] == 0
    assert (await ask(tools=[TOOL]))[0] > 0


async def test_another_account_or_model_has_its_own(ask):
    await ask()
    assert (await ask(account="two"))[0] == 0
    assert (await ask(model="claude-opus-4-6"))[0] == 0


async def test_a_longer_conversation_reads_the_shorter_one(ask):
    turn = {"type": "text", "text": LONG, **MARK}
    _, first, *_ = await ask(turn)
    plain = {"type": "text", "text": LONG}
    read, written, *_ = await ask(plain, {"type": "text", "text": "and more", **MARK})
    assert (read, 0 < written < 50) == (first, True)


async def test_without_a_mark_or_below_the_minimum_nothing_is_kept(ask):
    for options in ({"mark": {}}, {"system": "short"}):
        assert (await ask(**options))[:3] == (await ask(**options))[:3] == (0, 0, 0)


async def test_lives(sim, ask):
    now = [0.0]
    sim.state.clock = lambda: now[0]
    assert (await ask(mark=HOUR))[1] == 0
    now[0] = 3599
    assert (await ask(mark=HOUR))[0] > 1400
    await ask(account="two")
    now[0] += 301
    assert (await ask(account="two"))[0] == 0


async def test_a_mark_on_the_request_is_one_on_its_last_block(sim):
    async with anthropic.AsyncAnthropic(base_url=sim.url, api_key=sim.account().key) as client:
        for read in (False, True):
            answer = await client.messages.create(
                model="claude-sonnet-4-6", max_tokens=100, messages=[{"role": "user", "content": LONG}], cache_control={"type": "ephemeral"}
            )
            assert (answer.usage.cache_read_input_tokens > 0) == read
