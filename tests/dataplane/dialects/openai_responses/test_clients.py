"""Requests as well-known clients send them (client notes, sections 1 and 2)."""

import json

from dataplane.conversation.model import Reasoning, Text, ToolCall, ToolResult, Turn
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.dialects.openai_responses.parse import fit
from dataplane.dialects.openai_responses.thoughts import seal

DIALECT = OpenAIResponses()
NOTE = {"internal_chat_message_metadata_passthrough": {"turn_id": "1"}}
EXEC = {
    "type": "namespace",
    "name": "functions",
    "description": "",
    "tools": [{"type": "custom", "name": "exec", "format": {"type": "text"}}],
}
CODEX_TOOLS = [
    {"type": "function", "name": "shell", "description": "d", "strict": False, "parameters": {"type": "object", "properties": {}}},
    {
        "type": "custom",
        "name": "apply_patch",
        "description": "d",
        "format": {"type": "grammar", "syntax": "lark", "definition": "start: a"},
    },
    {"type": "namespace", "name": "agents", "description": "d", "tools": [{"type": "function", "name": "close_agent", "strict": False}]},
    {"type": "tool_search", "execution": "client", "description": "d", "parameters": {"type": "object"}},
    {"type": "web_search", "external_web_access": False},
    {"type": "image_generation", "output_format": "png"},
]
CODEX = {
    "model": "gpt-5.5",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "You are Codex."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}], **NOTE},
        {
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "content": None,
            "encrypted_content": seal(Reasoning("hm", "c2ln")),
        },
        {"type": "function_call", "name": "close_agent", "namespace": "agents", "arguments": "{}", "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": "closed"},
        {"type": "custom_tool_call", "status": "completed", "call_id": "call_2", "name": "apply_patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "Done"}]},
    ],
    "tools": CODEX_TOOLS,
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199",
    "client_metadata": {"x-codex-installation-id": "1"},
    "text": {"verbosity": "medium"},
}


def test_codex():
    body = json.dumps(CODEX).encode()
    call = DIALECT.parse(body)
    assert (call.system, call.session, call.keep, DIALECT.recalls(body)) == (["You are Codex."], "0199", False, None)
    assert call.turns == [
        Turn("user", [Text("Hi")]),
        Turn("assistant", [Reasoning("hm", "c2ln"), ToolCall("call_1", "agents__close_agent", "{}")]),
        Turn("user", [ToolResult("call_1", [Text("closed")])]),
        Turn("assistant", [ToolCall("call_2", "apply_patch", '{"input":"*** Begin"}')]),
        Turn("user", [ToolResult("call_2", [Text("Done")])]),
    ]
    assert [tool.name for tool in call.tools] == ["shell", "apply_patch", "agents__close_agent"]
    assert call.dropped == ["tools[3]", "tools[4].external_web_access", "tools[5]"]
    assert call.extras == {}


def test_what_codex_sends_with_every_request_is_decoded_at_once():
    assert fit(json.dumps(CODEX).encode()) is not None


def test_codex_with_its_tools_in_the_conversation():
    said = [
        {"type": "additional_tools", "role": "developer", "tools": [EXEC]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "custom_tool_call", "call_id": "c", "name": "exec", "input": "ls"},
    ]
    body = json.dumps({**CODEX, "tools": [], "input": said}).encode()
    call = DIALECT.parse(body)
    assert fit(body) is not None
    assert ([tool.name for tool in call.tools], call.tools[0].custom) == (["functions__exec"], True)
    assert call.turns[1].parts == [ToolCall("c", "functions__exec", '{"input":"ls"}')]
    assert call.dropped == []


def test_vercels_sdk():
    """It leaves out `type`, and refers to what it believes to be kept."""
    body = json.dumps(
        {
            "model": "m",
            "input": [
                {"role": "system", "content": "Be kind."},
                {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                {"type": "item_reference", "id": "msg_1"},
                {"role": "assistant", "content": [{"type": "output_text", "text": "Yes"}], "id": "msg_2"},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}", "id": "fc_1"},
                {"type": "function_call_output", "call_id": "c", "output": "1"},
            ],
        }
    ).encode()
    wanted = DIALECT.recalls(body)
    assert (wanted.answer, wanted.items) == ("", {"msg_1": "input[2].id"})


def test_cline_and_pi():
    call = DIALECT.parse(
        json.dumps(
            {
                "model": "m",
                "input": [
                    {"role": "developer", "content": "Be kind."},
                    {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                ],
                "tools": [
                    {"type": "function", "name": "read", "description": "", "parameters": {}, "strict": None},
                    {"type": "image_generation"},
                ],
                "truncation": "auto",
                "include": ["reasoning.encrypted_content"],
                "store": False,
                "stream": True,
                "prompt_cache_key": "k",
                "reasoning": {"effort": "low", "summary": "auto"},
                "max_output_tokens": 32000,
            }
        ).encode()
    )
    assert (call.system, call.dropped) == (["Be kind."], ["tools[1]"])
