"""Where one vendor differs from the others on the wire."""

import json

import openai
import pytest

LONG = "All of this was said before. " * 200  # 1 450 tokens
TOOL = {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
async def ask(sim, client):
    """Asks a vendor and gives the payloads of the events, or the JSON of a whole answer, and the raw bytes."""
    accounts = {}

    async def send(vendor, text="hi", **rest):
        if vendor not in accounts:
            accounts[vendor] = sim.account(vendor=vendor)
        account = accounts[vendor]
        body = {"model": account.models[0], "messages": [{"role": "user", "content": text}], **rest}
        url = f"{sim.base_url(account)}/chat/completions"
        async with client.post(url, json=body, headers={"Authorization": f"Bearer {account.key}"}) as answer:
            raw = await answer.read()
        lines = [line[6:] for line in raw.split(b"\n") if line.startswith(b"data: {")]
        return [json.loads(line) for line in lines] if rest.get("stream") else json.loads(raw), raw

    return send


def deltas(payloads):
    return [choice["delta"] for each in payloads for choice in each["choices"]]


@pytest.mark.parametrize(
    ("vendor", "member"), [("kimi", "reasoning_content"), ("vllm", "reasoning_content"), ("ollama", "reasoning"), ("openai", None)]
)
async def test_thoughts_have_a_member_of_their_own(ask, vendor, member):
    found, _ = await ask(vendor, "[[sim:reasoning]]", stream=True)
    beside = {name for delta in deltas(found) for name in delta} - {"role", "content"}
    assert beside == ({member} if member else set())
    whole, _ = await ask(vendor, "[[sim:reasoning]]")
    assert member is None or whole["choices"][0]["message"][member].startswith("The user wants")


async def test_vllm_has_two_words_for_it(sim, ask):
    sim.configure(vllm_reasoning="reasoning")
    found, _ = await ask("vllm", stream=True)
    assert any("reasoning" in delta for delta in deltas(found))


async def test_kimi_tells_usage_in_the_choice(ask):
    found, _ = await ask("kimi", stream=True)
    assert found[-1]["choices"][0]["usage"]["total_tokens"] > 0
    found, _ = await ask("kimi", stream=True, stream_options={"include_usage": True})
    assert (found[-1]["choices"], "cached_tokens" in found[-1]["usage"]) == ([], True)


async def test_deepseek_keeps_the_connection_alive(ask):
    found, raw = await ask("deepseek", stream=True)
    assert raw.startswith(b": keep-alive\n\n")
    assert {"prompt_cache_hit_tokens", "prompt_cache_miss_tokens"} <= set(found[-1]["usage"])
    _, raw = await ask("deepseek")
    assert raw.startswith(b"\n\n\n{")


async def test_ollama_gives_calls_whole_and_unnumbered(ask):
    found, _ = await ask("ollama", '[[call:read {"path": "a very long path"}]]', stream=True, tools=[TOOL])
    made = [call for delta in deltas(found) for call in delta.get("tool_calls", ())]
    assert [sorted(each) for each in made] == [["function", "id", "type"]]
    assert json.loads(made[0]["function"]["arguments"]) == {"path": "a very long path"}


@pytest.mark.parametrize("vendor", ["openai", "kimi", "deepseek"])
async def test_a_prompt_that_came_before_is_cached(ask, vendor):
    def cached(usage):
        return usage["cached_tokens"] if vendor == "kimi" else usage["prompt_tokens_details"]["cached_tokens"]

    first, _ = await ask(vendor, LONG)
    second, _ = await ask(vendor, LONG)
    other, _ = await ask(vendor, "x" + LONG)
    assert [cached(each["usage"]) > 1000 for each in (first, second, other)] == [False, True, False]


async def test_models_tell_what_the_vendor_tells(sim, client):
    told = {}
    for vendor in sim.services:
        account = sim.account(vendor=vendor)
        async with client.get(f"{sim.base_url(account)}/models", headers={"Authorization": f"Bearer {account.key}"}) as answer:
            told[vendor] = (await answer.json())["data"][0]
    assert {vendor: model["owned_by"] for vendor, model in told.items()} == {
        "openai": "system",
        "kimi": "moonshot",
        "deepseek": "deepseek",
        "vllm": "vllm",
        "ollama": "library",
    }
    assert told["vllm"]["max_model_len"] == 40_960


async def test_a_key_is_good_at_its_vendor_only(sim, client):
    key = sim.account(vendor="kimi").key
    for vendor, status in (("kimi", 200), ("openai", 401), ("vllm", 401), ("ollama", 200)):
        async with client.get(f"{sim.url}/{vendor}/v1/models", headers={"Authorization": f"Bearer {key}"}) as answer:
            assert answer.status == status


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (None, "rate_limit_reached_error"),
        ("concurrency", "rate_limit_reached_error"),
        ("tokens", "rate_limit_reached_error"),
        ("quota", "exceeded_current_quota_error"),
        ("overloaded", "engine_overloaded_error"),
    ],
)
async def test_kimi_has_many_ways_to_say_too_much(sim, reason, kind):
    account = sim.account(vendor="kimi")
    sim.fail(account, status=429, reason=reason)
    async with openai.AsyncOpenAI(base_url=sim.base_url(account), api_key=account.key, max_retries=0) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="kimi-k3", messages=[{"role": "user", "content": "hi"}])
    assert caught.value.type == kind


async def test_n_choices(ask):
    found, _ = await ask("openai", n=2)
    assert [choice["index"] for choice in found["choices"]] == [0, 1]
