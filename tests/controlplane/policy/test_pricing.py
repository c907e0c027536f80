import math

import pytest

from controlplane.domain.outcome import Ending, Source, Usage
from controlplane.domain.price import Price
from controlplane.policy import pricing
from tests.controlplane.fakes import outcome


def price(model):
    return Price(f"price_{model}", model, 1.0, 1.0, 1.0, 1.0)


def applies(model, *patterns, kind="kiro"):
    found = pricing.applying([price(pattern) for pattern in patterns], kind, model)
    return found.model if found is not None else None


@pytest.mark.parametrize(
    ("model", "patterns", "best"),
    [
        ("claude-opus-4.5", ["claude-opus-*", "claude-*", "*"], "claude-opus-*"),
        ("claude-opus-4.1", ["claude-opus-4.*", "claude-opus-4.1", "claude-opus-4*"], "claude-opus-4.1"),
        ("claude-opus-4.1", ["claude-opus-4-1", "*"], "claude-opus-4-1"),
        ("claude-opus-4.5", ["claude-opus-4", "claude-opus-4.1"], None),
        ("claude-opus-4", ["claude-opus-*", "Claude-Opus-4"], "Claude-Opus-4"),
        ("claude-sonnet-4-20250514", ["claude-sonnet-4", "*"], "claude-sonnet-4"),
        ("claude-sonnet-4.5", ["kiro/claude-*", "anthropic/claude-sonnet-4.5"], "kiro/claude-*"),
        ("claude-sonnet-4.5", ["*sonnet-*", "claude*"], "*sonnet-*"),
        ("claude-sonnet-4.5", ["claude-a*", "claude-b*"], None),
        ("claude-sonnet-4.5", ["claude-s*5", "**sonnet-4.*", "*sonnet-4*"], "claude-s*5"),
        ("claude-sonnet-4.5", ["kiro/claude-*", "claude-sonnet-4.5"], "kiro/claude-*"),
        ("claude-sonnet-4.5", ["kiro/claude-*", "Kiro/claude-sonnet-4-5"], "Kiro/claude-sonnet-4-5"),
        ("gpt-5.6-sol", ["claude-*"], None),
        ("", ["*"], "*"),
        ("auto", [], None),
    ],
)
def test_the_price_that_says_most_of_a_name_applies(model, patterns, best):
    assert applies(model, *patterns) == best
    assert applies(model, *reversed(patterns)) == best


@pytest.mark.parametrize(
    ("kind", "model", "patterns", "best"),
    [
        ("openai", "gpt-4o", ["openai/gpt-4o", "gpt-4o", "*"], "openai/gpt-4o"),
        ("openai", "gpt-4o", ["openai/*", "gpt-4o"], "openai/*"),
        ("openai", "gpt-4o", ["kiro/*", "anthropic/gpt-4o"], None),
        ("kimi-web", "kimi-k2-instruct", ["openai/kimi-*", "kimi-web/kimi-*"], "kimi-web/kimi-*"),
        ("anthropic", "claude-sonnet-4-5-20250929", ["anthropic/claude-sonnet-4.5", "kiro/*"], "anthropic/claude-sonnet-4.5"),
        # ids that begin like a kind, and like nothing known
        ("openai", "anthropic/claude-sonnet-4.5", ["anthropic/claude-sonnet-4.5", "anthropic/*"], "anthropic/claude-sonnet-4.5"),
        ("openai", "openai/gpt-4o", ["openai/gpt-4o", "openai/openai/gpt-*"], "openai/openai/gpt-*"),
        ("openai", "meta/Llama-3", ["meta/llama-*", "anthropic/*"], "meta/llama-*"),
    ],
)
def test_a_price_of_a_kind_is_for_that_kind_and_comes_first(kind, model, patterns, best):
    assert applies(model, *patterns, kind=kind) == best
    assert applies(model, *reversed(patterns), kind=kind) == best


def test_each_part_of_a_prompt_has_its_price():
    table = Price("p", "m", 3.0, 15.0, 0.3, 3.75)
    assert pricing.cost(table, Usage(input=1_000_000)) == 3.0
    assert pricing.cost(table, Usage(output=1_000_000, reasoning=900_000)) == 15.0
    assert pricing.cost(table, Usage(cache_read=1_000_000)) == 0.3
    assert pricing.cost(table, Usage(cache_write=1_000_000)) == 3.75
    assert pricing.cost(table, Usage(input=1000, cache_read=2000, cache_write=100, output=10)) == pytest.approx(0.004125)


@pytest.mark.parametrize(
    ("ending", "usage", "counted"),
    [
        (Ending.SERVED, Usage(), True),
        (Ending.CUT, Usage(), True),
        (Ending.FAILED, Usage(), False),
        (Ending.CANCELLED, Usage(), False),
        (Ending.CANCELLED, Usage(output=1), True),
        (Ending.FAILED, Usage(input=9, input_source=Source.ESTIMATED), False),
        (Ending.FAILED, Usage(input=9, input_source=Source.UPSTREAM), True),
        (Ending.FAILED, Usage(credits=0.1, credits_source=Source.UPSTREAM), True),
    ],
)
def test_what_counts_as_a_request(ending, usage, counted):
    assert pricing.counts(outcome("ls_1", ending=ending, usage=usage)) is counted


@pytest.mark.parametrize(
    ("credit", "said", "whole"),
    [(0.0123, 0.0123, 12_300), (0.1 + 0.2, 0.1 + 0.2, 300_000), (0.0, 0.0, 0), (-1.0, 0.0, 0), (math.nan, 0.0, 0), (math.inf, 0.0, 0)],
)
def test_credits_are_whole_millionths(credit, said, whole):
    assert pricing.plausible(credit) == said
    assert pricing.millionths(credit) == whole


def test_tokens_are_all_that_went_in_and_out_reasoning_once():
    assert pricing.tokens(Usage(input=1, cache_read=2, cache_write=4, output=8, reasoning=5)) == 15
    assert pricing.tokens(Usage(input=2**64)) == pricing.MOST_TOKENS
