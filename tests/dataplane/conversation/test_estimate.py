"""Estimates need not be exact, but they must be in proportion."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.estimate import IMAGE_TOKENS, PARTS, TOOL_TOKENS, TURN_TOKENS, prompt_tokens
from dataplane.conversation.model import Call, Document, Image, Part, Reasoning, Text, Tool, ToolCall, ToolResult, Turn
from headgate.tokens import text_tokens


def said(*parts):
    return prompt_tokens(Call("m", [Turn("user", list(parts))], "openai")) - TURN_TOKENS


@pytest.mark.parametrize(("text", "tokens"), [("abcdefg" * 100, 200), ("中" * 100, 109), ("ж" * 100, 69), ("", 0)])
def test_text(text, tokens):
    assert round(text_tokens(text)) == tokens


@given(st.text(), st.text())
def test_pieces_add_up(first, second):
    assert text_tokens(first + second) == pytest.approx(text_tokens(first) + text_tokens(second))


def test_half_a_surrogate_pair_can_be_counted():
    assert text_tokens("\ud83d") > 0


def test_an_empty_prompt_is_one_token():
    assert prompt_tokens(Call("m", [], "openai")) == 1


def test_everything_that_is_sent_counts():
    bare = Call("m", [Turn("user", [Text("a" * 35)])], "openai")
    full = Call("m", bare.turns, "openai", system=["b" * 70], tools=[Tool("c" * 7, "d" * 14, b"e" * 21)])
    assert prompt_tokens(bare) == TURN_TOKENS + 10
    assert prompt_tokens(full) == TURN_TOKENS + 10 + 20 + TOOL_TOKENS + 2 + 4 + 6


def test_a_call_and_its_result():
    assert said(ToolCall("call_1", "a" * 7, "b" * 14)) == 6
    assert said(ToolResult("call_1", [Text("a" * 35), Image("image/png", "AAAA")])) == 10 + IMAGE_TOKENS


def test_thinking_counts_also_where_only_the_provider_can_read_it():
    assert said(Reasoning("a" * 35, signature="s" * 900)) == 10
    assert said(Reasoning(redacted="a" * 140)) == 30


def test_the_bytes_of_a_picture_do_not_count():
    assert said(Image("image/png", "A" * 1_000_000)) == IMAGE_TOKENS


def test_documents():
    assert said(Document(text="a" * 35)) == 10
    assert said(Document("text/plain", "A" * 14_000)) == 3000
    # Three pages of PDF, at 30 kB each.
    assert said(Document("application/pdf", "A" * 120_000)) == 6000


def test_every_part_is_counted():
    assert set(PARTS) == set(get_args(Part))
