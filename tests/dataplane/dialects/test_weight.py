"""What nobody reads of a body costs no objects, however much of it a client sends."""

import json
import tracemalloc

import pytest

from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_responses import OpenAIResponses

# 300 KB of JSON; as lists it would be 7 MB.
HEAVY = b"[" + b"[]," * 99_999 + b"[]]"
MESSAGES = {"model": "m", "max_tokens": 1}
TOOL = {"name": "f", "input_schema": {"type": "object"}}
BODIES = [
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": "@"}]}]}),
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "citations": "@"}]}]}),
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": "a", "output_config": "@"}]}),
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": "a"}], "tools": [{**TOOL, "input_examples": "@"}]}),
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": "a"}], "tools": [{**TOOL, "unknown": "@"}]}),
    (Anthropic(), {**MESSAGES, "messages": [{"role": "user", "content": "a"}], "unknown": "@"}),
    (OpenAIChat(), {"model": "m", "messages": [{"role": "user", "content": "a", "cache_control": "@"}]}),
    (OpenAIChat(), {"model": "m", "messages": [{"role": "assistant", "content": "a", "annotations": "@"}]}),
    (OpenAIChat(), {"model": "m", "messages": [{"role": "assistant", "content": "a", "reasoning": "@"}]}),
    (OpenAIChat(), {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a", "unknown": "@"}]}]}),
    (OpenAIChat(), {"model": "m", "messages": [{"role": "user", "content": "a"}], "unknown": "@"}),
    (OpenAIResponses(), {"model": "m", "input": "a", "unknown": "@"}),
    (OpenAIResponses(), {"model": "m", "input": "a", "client_metadata": "@"}),
    (OpenAIResponses(), {"model": "m", "input": "a", "tools": [{"type": "mcp", "unknown": "@"}]}),
    (OpenAIResponses(), {"model": "m", "input": "a", "tools": [{"type": "function", "name": "f", "parameters": {"enum": "@"}}]}),
    (OpenAIResponses(), {"model": "m", "input": [{"role": "user", "content": "a"}, {"type": "unknown", "content": "@"}]}),
    (OpenAIResponses(), {"model": "m", "input": [{"role": "user", "content": "a", "unknown": "@"}]}),
    (
        OpenAIResponses(),
        {"model": "m", "input": [{"role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": "@"}]}]},
    ),
]


@pytest.mark.parametrize(("dialect", "body"), BODIES)
def test_what_is_only_looked_at_for_its_presence_makes_no_objects(dialect, body):
    text = json.dumps(body).encode().replace(b'"@"', HEAVY)
    # Once before, so that what is made a single time does not count.
    dialect.parse(text)
    tracemalloc.start()
    try:
        dialect.parse(text)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A few copies of the text itself are made where something has to be taken out.
    assert most < 10 * len(HEAVY)
