"""Custom tools there and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.conversation.model import Tool, ToolCall, ToolChoice
from dataplane.dialects.openai import custom
from dataplane.dialects.openai_chat import OpenAIChat

LARK = {"type": "grammar", "grammar": {"syntax": "lark", "definition": 'start: "a"+'}}


def parse(**members):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], **members}
    return OpenAIChat().parse(json.dumps(body).encode())


def tool(**members):
    return {"type": "custom", "custom": {"name": "patch", **members}}


def test_a_custom_tool_is_a_function_of_one_text():
    call = parse(tools=[tool(description="Patches files.")])
    assert call.tools == [Tool("patch", f"Patches files.\n\n{custom.NOTE}", custom.SCHEMA, custom=True)]
    assert json.loads(custom.SCHEMA)["required"] == ["input"]
    assert call.dropped == []


@pytest.mark.parametrize("form", [None, {"type": "text"}])
def test_any_text_needs_no_words(form):
    assert parse(tools=[tool(format=form)]).tools[0].description == custom.NOTE


def test_a_grammar_is_told_in_words():
    call = parse(tools=[tool(format=LARK)])
    assert call.tools[0].description.endswith('(lark):\nstart: "a"+')
    assert call.dropped == []


@pytest.mark.parametrize("form", [{"type": "sonnet"}, {"type": "grammar"}])
def test_a_form_that_nobody_knows_is_reported(form):
    assert parse(tools=[tool(format=form)]).dropped == ["tools[0].custom.format"]


def test_members_without_the_object_around_them():
    assert parse(tools=[{"type": "custom", "name": "patch", "description": "d"}]).tools[0].name == "patch"


def test_a_custom_tool_can_be_chosen():
    call = parse(tools=[tool()], tool_choice={"type": "custom", "custom": {"name": "patch"}})
    assert call.tool_choice == ToolChoice("named", "patch")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_as_it_was(text):
    assert custom.text(custom.arguments(text)) == text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("", ""),
        ("{}", ""),
        ('{"input": 5}', '{"input": 5}'),
        ('{"input":"a","b":1}', '{"input":"a","b":1}'),
        ('{"inp', None),
        ("[]", "[]"),
    ],
)
def test_arguments_in_another_form_are_shown_as_they_are(arguments, text):
    assert custom.text(arguments) == text


def test_a_call_of_an_earlier_answer():
    earlier = {"role": "assistant", "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}]}
    call = parse(messages=[{"role": "user", "content": "Hi"}, earlier])
    assert call.turns[1].parts == [ToolCall("c", "patch", '{"input":"*** Begin"}')]
