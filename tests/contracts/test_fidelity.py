"""docs/fidelity.md is fresh, leaves nothing out, and says what really happens."""

import importlib
import importlib.util
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dataplane import dialects, fidelity, upstreams
from dataplane.conversation.features import Feature
from dataplane.dialects.anthropic import Anthropic
from dataplane.dialects.openai_chat import OpenAIChat
from dataplane.dialects.openai_responses import OpenAIResponses
from dataplane.fidelity import COLUMNS, TABLES
from dataplane.upstreams import anthropic
from dataplane.upstreams.base import Credential, Lease
from dataplane.upstreams.kimi_web import KimiWeb
from dataplane.upstreams.kiro import Kiro
from dataplane.upstreams.openai import OpenAI

ROOT = Path(__file__).parents[2]


def lease(kind, model):
    return Lease("lease", "key", "account", kind, model, Credential("token"), ["http://127.0.0.1:1"])


UPSTREAMS = {
    "kiro": (Kiro(), lease("kiro", "claude-sonnet-4.5")),
    "kimi-web": (KimiWeb(), lease("kimi-web", "kimi-k2-instruct")),
    "openai": (OpenAI(), lease("openai", "some-model")),
    "anthropic": (anthropic.Anthropic(), lease("anthropic", "claude-sonnet-4-6")),
}
CHAT, RESPONSES, MESSAGES = TABLES
KIRO, KIMI_WEB, OPENAI, ANTHROPIC = COLUMNS
HI = {"role": "user", "content": "Hi"}
BODIES = {
    CHAT.title: (OpenAIChat(), {"model": "m", "messages": [HI]}),
    RESPONSES.title: (OpenAIResponses(), {"model": "m", "input": [HI]}),
    MESSAGES.title: (Anthropic(), {"model": "m", "messages": [HI], "max_tokens": 100}),
}


def test_the_page_is_fresh():
    """Made again by: python -m dataplane.fidelity > docs/fidelity.md."""
    made = subprocess.run([sys.executable, "-m", "dataplane.fidelity"], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (ROOT / "docs/fidelity.md").read_text() == made.stdout == fidelity.document()


def packages(parent):
    return sorted(f"{parent.__name__}.{each.name}" for each in pkgutil.iter_modules(parent.__path__) if each.ispkg)


def test_every_dialect_has_a_table():
    # What dialects share is no dialect.
    names = [name for name in packages(dialects) if importlib.util.find_spec(f"{name}.fields")]
    fields = [importlib.import_module(f"{name}.fields").FIELDS for name in names]
    assert fields
    assert sorted(map(id, fields)) == sorted(id(table.fields) for table in TABLES)


def test_every_upstream_has_a_column():
    # What upstreams share is no upstream.
    names = [name for name in packages(upstreams) if importlib.util.find_spec(f"{name}.upstream")]
    rows = [importlib.import_module(f"{name}.fidelity").FIDELITY for name in names]
    assert rows
    assert sorted(map(id, rows)) == sorted(id(column.fidelity) for column in COLUMNS)


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.title)
def test_every_feature_has_a_row_at_every_upstream(column):
    assert set(column.fidelity) == set(Feature)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_every_field_has_a_line(table):
    section = fidelity.document().split(f"## {table.title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    assert [line.split("`")[1] for line in lines] == list(table.fields)
    assert {line.replace("\\|", "").count("|") for line in lines} == {3 + len(COLUMNS)}


def test_cells_of_fixed_meaning():
    words = {feature: fidelity.cell(feature, CHAT, KIRO) for feature in (*fidelity.FIXED, Feature.UNMODELLED)}
    assert words == {
        Feature.GATEWAY: "gateway",
        Feature.HINT: "no effect",
        Feature.UNSEATED: "dropped",
        Feature.UNMODELLED: "dropped",
    }


@pytest.mark.parametrize(("table", "column"), [(CHAT, OPENAI), (MESSAGES, ANTHROPIC)], ids=["chat", "messages"])
def test_relatives_pass_everything_but_what_the_gateway_does(table, column):
    words = {feature: fidelity.cell(feature, table, column) for feature in Feature}
    assert words.pop(Feature.GATEWAY) == "gateway"
    assert set(words.values()) == {"passed"}


def test_the_two_protocols_of_openai_are_no_relatives():
    assert fidelity.cell(Feature.UNMODELLED, RESPONSES, OPENAI) == "dropped"


# What the table says, against what the parsers and the upstream do


def function(**more):
    return [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}, **more}}]


def tool(**more):
    return [{"name": "f", "input_schema": {"type": "object"}, **more}]


def said(**more):
    return [HI, {"role": "assistant", "content": "a", **more}, HI]


def thought(block):
    return [HI, {"role": "assistant", "content": [block, {"type": "text", "text": "a"}]}, HI]


PICTURE = {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "high"}
# Table, what is added to the least body, the path that stands for it, and its row where that is not the path.
SAMPLES = [
    (CHAT, {"temperature": 0.5}, "temperature", None),
    (CHAT, {"top_p": 0.5}, "top_p", None),
    (CHAT, {"top_k": 5}, "top_k", None),
    (CHAT, {"max_tokens": 5}, "max_tokens", None),
    (CHAT, {"max_completion_tokens": 5}, "max_completion_tokens", None),
    (CHAT, {"stop": "x"}, "stop", None),
    (CHAT, {"reasoning_effort": "high"}, "reasoning_effort", None),
    (CHAT, {"reasoning": {"enabled": True}}, "reasoning.enabled", None),
    (CHAT, {"reasoning": {"max_tokens": 5000}}, "reasoning.max_tokens", None),
    (CHAT, {"reasoning": {"exclude": True}}, "reasoning.exclude", None),
    (CHAT, {"reasoning": {"summary": "auto"}}, "reasoning.summary", None),
    (CHAT, {"tools": function(strict=True)}, "tools[0].function.strict", None),
    (CHAT, {"tools": function()}, "tools[0].function.name", None),
    (CHAT, {"tools": [{"type": "image_generation"}]}, "tools[0]", "tools[].type{other hosted tools}"),
    (CHAT, {"tools": [{"type": "web_search"}]}, "tools[0]", "tools[].type{web_search}"),
    (CHAT, {"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools[0].custom.name", None),
    (CHAT, {"tools": function(), "tool_choice": "required"}, "tool_choice", None),
    (CHAT, {"tools": function(), "parallel_tool_calls": False}, "parallel_tool_calls", None),
    (CHAT, {"response_format": {"type": "json_object"}}, "response_format", "response_format.type{json_object}"),
    (
        CHAT,
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}},
        "response_format",
        "response_format.type{json_schema}",
    ),
    (CHAT, {"web_search_options": {}}, "web_search_options", None),
    (CHAT, {"web_search_options": {"search_context_size": "low"}}, "web_search_options.search_context_size", None),
    (CHAT, {"seed": 7}, "seed", None),
    (CHAT, {"verbosity": "low"}, "verbosity", None),
    (CHAT, {"user": "u", "stream": True, "n": 1}, "user", None),
    (CHAT, {"prompt_cache_key": "s"}, "prompt_cache_key", None),
    (CHAT, {"messages": said(reasoning_content="hm")}, "messages[1].reasoning_content", None),
    (CHAT, {"messages": said(annotations=[{"type": "url_citation"}])}, "messages[1].annotations", None),
    (CHAT, {"messages": said(cache_control={"type": "ephemeral"})}, "messages[1].cache_control", None),
    (CHAT, {"messages": [{**HI, "name": "Ann"}]}, "messages[0].name", None),
    (
        CHAT,
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": PICTURE}]}]},
        "messages[0].content[0].image_url.detail",
        None,
    ),
    (MESSAGES, {}, "max_tokens", None),
    (MESSAGES, {"temperature": 0.5}, "temperature", None),
    (MESSAGES, {"top_p": 0.5}, "top_p", None),
    (MESSAGES, {"top_k": 5}, "top_k", None),
    (MESSAGES, {"stop_sequences": ["x"]}, "stop_sequences", "stop_sequences[]"),
    (MESSAGES, {"thinking": {"type": "adaptive"}}, "thinking", "thinking.type"),
    (MESSAGES, {"metadata": {"user_id": "u"}}, "metadata.user_id", None),
    (MESSAGES, {"tools": tool(strict=True)}, "tools[0].strict", None),
    (MESSAGES, {"tools": tool(), "tool_choice": {"type": "any"}}, "tool_choice", "tool_choice.type"),
    (
        MESSAGES,
        {"tools": tool(), "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        "tool_choice.disable_parallel_tool_use",
        None,
    ),
    (
        MESSAGES,
        {"messages": thought({"type": "thinking", "thinking": "hm", "signature": ""})},
        "messages[1].content[0]",
        "messages[].content[]{thinking}.thinking",
    ),
]
SAMPLES += [
    (RESPONSES, {"temperature": 0.5}, "temperature", None),
    (RESPONSES, {"top_p": 0.5}, "top_p", None),
    (RESPONSES, {"max_output_tokens": 50}, "max_output_tokens", None),
    (RESPONSES, {"reasoning": {"effort": "high"}}, "reasoning.effort", None),
    (
        RESPONSES,
        {"tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}]},
        "tools[0].strict",
        "tools[]{function}.strict",
    ),
    (
        RESPONSES,
        {"input": [HI, {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}, HI]},
        "input[1]",
        "input[]{reasoning}.summary[].text",
    ),
]
FIELD_OF = {id(sample): sample[3] or re.sub(r"\[\d+\]", "[]", sample[2]) for sample in SAMPLES}


BY_NAME = {"ids": lambda sample: f"{sample[0].family}-{FIELD_OF[id(sample)]}-{list(sample[1])}"}


def reported(sample, column):
    """What the upstream says it drops, and the table's word and note for it."""
    table, members, _, _ = sample
    dialect, least = BODIES[table.title]
    call = dialect.parse(json.dumps({**least, **members}).encode())
    upstream, given = UPSTREAMS[column.title]
    feature = table.fields[FIELD_OF[id(sample)]]
    return upstream.dropped(call, given), fidelity.cell(feature, table, column), column.fidelity[feature].note


@pytest.mark.parametrize("sample", SAMPLES, **BY_NAME)
def test_what_is_reported_is_what_the_table_calls_dropped(sample):
    told, word, _ = reported(sample, KIRO)
    assert told == ([sample[2]] if word == "dropped" else [])


@pytest.mark.parametrize("column", COLUMNS[1:], ids=lambda column: column.title)
@pytest.mark.parametrize("sample", SAMPLES, **BY_NAME)
def test_nothing_is_lost_that_the_table_calls_kept(sample, column):
    """Where it depends on the endpoint or the model, the note says so, and the upstream's own tests tell the two apart."""
    told, word, note = reported(sample, column)
    path = sample[2]
    if word == "dropped" and "assed" not in note:
        assert any(path.startswith(each) for each in told)
    elif word != "dropped" and "dropped" not in note.lower() and sample[0].family != column.family:
        assert path not in told


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.title)
def test_every_feature_that_is_dropped_is_among_the_samples(table):
    """UNSEATED and UNMODELLED are lost to every upstream; the dialects' own tests go through their members."""
    lost = {feature for feature in table.fields.values() if KIRO.fidelity[feature].kind == "dropped"}
    tried = {table.fields[FIELD_OF[id(sample)]] for sample in SAMPLES if sample[0] is table}
    assert lost - tried - {Feature.UNSEATED, Feature.UNMODELLED} == set()
