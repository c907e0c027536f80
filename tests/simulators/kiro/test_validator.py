"""The strict checker, rule by rule: for each id a body that passes and one that does not, alike but for the rule."""

import base64
import json
import struct

import pytest

from tests.simulators.kiro.models import CATALOGUE
from tests.simulators.kiro.state import BUILDER_ARN, SOCIAL_ARN
from tests.simulators.kiro.terms import Terms
from tests.simulators.kiro.validator import RULES, check, check_arn

MODELS = {model.id: model for model in CATALOGUE}
KEY = (b"key", "account-1")
IMPROPER = "Improperly formed request."
CONVERSATION = "7b2f0d4c-1c1e-4f57-9c1d-0a5f8f0f7f11"


def terms(profile="runtime", **changes):
    return Terms(profile, MODELS, KEY, **{"profile_arn": SOCIAL_ARN, **changes})


def user(content="hi", *, results=(), tools=(), **members):
    context = {name: list(value) for name, value in (("toolResults", results), ("tools", tools)) if value}
    return {"content": content, "origin": "AI_EDITOR", **({"userInputMessageContext": context} if context else {}), **members}


def said(content="yes", *uses, **members):
    return {"content": content, **({"toolUses": list(uses)} if uses else {}), **members}


def use(identity="tooluse_A", name="read", input=None):
    return {"toolUseId": identity, "name": name, "input": {} if input is None else input}


def result(identity="tooluse_A", **members):
    return {"toolUseId": identity, "content": [{"text": "ok"}], "status": "success", **members}


def tool(name="read", schema=None, **members):
    schema = {"type": "object", "properties": {}} if schema is None else schema
    return {"toolSpecification": {"name": name, "description": "Reads.", "inputSchema": {"json": schema}, **members}}


def body(*history, model="claude-sonnet-4.5", state=None, **changes):
    """The last of `history` is the current message; each is a user or, with `content` first from `said`, an assistant."""
    *before, current = history or (user(),)
    entries = [{"userInputMessage" if "origin" in turn else "assistantResponseMessage": turn} for turn in before]
    conversation = {
        "conversationId": CONVERSATION,
        "chatTriggerType": "MANUAL",
        "agentTaskType": "vibe",
        **({"history": entries} if entries else {}),
        "currentMessage": {"userInputMessage": {"modelId": model, **current}},
        **(state or {}),
    }
    return {"conversationState": conversation, "profileArn": SOCIAL_ARN, **changes}


def loop(*, uses=None, results=None, said_text="looking", tools=None):
    """A user turn, calls, their results."""
    return body(
        user(),
        said(said_text, *([use()] if uses is None else uses)),
        user("", results=[result()] if results is None else results, tools=[tool()] if tools is None else tools),
    )


def png(width=10, height=10):
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height)).decode()


def image(data=None, format="png"):
    return {"format": format, "source": {"bytes": png() if data is None else data}}


def pictured(*images, **changes):
    return body(user("look", images=list(images)), **changes)


def fields(model, **members):
    return body(model=model, additionalModelRequestFields=members)


def thought(signer, text="hm", **changes):
    reasoning = {"reasoningText": {"text": text, "signature": signer.sign("hm")}}
    return body(user(), said("yes", reasoningContent=reasoning), user(), **changes)


def without(value, *names):
    return {name: member for name, member in value.items() if name not in names}


OWN = terms().signer("claude-sonnet-4.5")
OTHER = Terms("runtime", MODELS, (b"key", "account-2")).signer("claude-sonnet-4.5")
STRANGE_NAME = tool("read.me")
NESTED = {"type": "object", "properties": {"format": {"type": "object", "properties": {"a": {"type": "string"}}}}}
DUPLICATE = [result(), result()]

# rule, body that passes, body that does not, what the refusal says, its reason.
BOTH = [
    ("E01", body(), body(systemPrompt="S"), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E02", body(inferenceConfig={"maxTokens": 1}, agentMode="vibe"), body(model_name="x"), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E02", body(), body(user(images=None)), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E02", body(), {"profileArn": SOCIAL_ARN}, IMPROPER, "REQUEST_BODY_INVALID"),
    ("E02", body(), [], IMPROPER, "REQUEST_BODY_INVALID"),
    ("E04", body(), without(body(), "profileArn"), "profileArn is required for this request.", None),
    ("E04", body(), body(profileArn=""), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E04", body(), body(profileArn=BUILDER_ARN), "Invalid profileArn.", None),
    ("E05", body(), body(state={"chatTriggerType": "AUTO"}), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E06", fields("claude-opus-4.6", max_tokens=1024), fields("claude-haiku-4.5"), "additionalModelRequestFields is not supported for this model", "REQUEST_BODY_INVALID"),
    ("E06", fields("claude-opus-4.6", thinking={"type": "adaptive"}), fields("claude-opus-4.6", temperature=1), "$: property 'temperature' is not defined in the schema and the schema does not allow additional properties", "REQUEST_BODY_INVALID"),
    ("E06", fields("claude-opus-4.6", max_tokens=64_000), fields("claude-opus-4.6", max_tokens=200), "$.max_tokens: must have a minimum value of 1024.0", "REQUEST_BODY_INVALID"),
    ("E06", fields("claude-opus-4.7", output_config={"effort": "xhigh"}), fields("claude-sonnet-4.6", output_config={"effort": "xhigh"}), '$.output_config.effort: does not have a value in the enumeration ["low", "medium", "high", "max"]', "REQUEST_BODY_INVALID"),
    ("E06", fields("claude-opus-4.8", thinking={"type": "disabled"}), fields("claude-opus-5.5", thinking={"type": "disabled"}), '$.thinking.type: does not have a value in the enumeration ["adaptive"]', "REQUEST_BODY_INVALID"),
    ("E06", fields("gpt-5.6-sol", reasoning={"effort": "none"}), fields("gpt-5.6-sol", output_config={}), "$: property 'output_config' is not defined in the schema and the schema does not allow additional properties", "REQUEST_BODY_INVALID"),
    ("E07", body(), body(model="claude-sonnet-4-5"), "Invalid model ID. Please select a different model to continue.", "INVALID_MODEL_ID"),
    ("E08", body(state={"conversationId": f"sess_{CONVERSATION}"}), body(state={"conversationId": "session one"}), IMPROPER, "INVALID_CONVERSATION_ID"),
    ("E09", body(user(origin="KIRO_CLI")), body(user(origin="KIRO_IDE")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("E10", body(state={"agentContinuationId": "any"}), body(state={"agentTaskType": "chat"}), IMPROPER, "REQUEST_BODY_INVALID"),
    ("M02", body(user(), said(), user()), body(state={"currentMessage": {"assistantResponseMessage": said()}}), IMPROPER, "REQUEST_BODY_INVALID"),
    ("M02", body(), body(state={"history": [{"userInputMessage": user(), "assistantResponseMessage": said()}]}), IMPROPER, "REQUEST_BODY_INVALID"),
    ("M03", body(user(), said(), user()), body(user(), said(), said(), user()), IMPROPER, "REQUEST_BODY_INVALID"),
    ("M03", body(user(), said(), user()), body(user(), user()), IMPROPER, "REQUEST_BODY_INVALID"),
    ("M06", body(*[user(), said()] * 5000, user()), body(*[user(), said()] * 5001, user()), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C01", body(user(" "), said(), user("x")), body(user(" ")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C01", body(user("a"), said(), user("x")), body(user(""), said(), user("x")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C01", pictured(image()), body(user("", images=[image()])), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C02", body(user(), said(" "), user()), body(user(), said(""), user()), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C04", body(), body(user([{"text": "hi"}])), IMPROPER, "REQUEST_BODY_INVALID"),
    ("C04", body(user(), said(), user()), body(user(), said(None), user()), IMPROPER, "REQUEST_BODY_INVALID"),
    ("T01", loop(), loop(uses=[use(), use("tooluse_B")]), "Bedrock error message: Expected toolResult blocks at messages.2.content for the following Ids: tooluse_B", "TOOL_USE_RESULT_MISMATCH"),
    ("T02", loop(), body(user("", results=[result()], tools=[tool()])), "Bedrock error message: The number of toolResult blocks at messages.0.content exceeds the number of toolUse blocks of previous turn.", "TOOL_USE_RESULT_MISMATCH"),
    ("T03", loop(), loop(results=DUPLICATE), "Bedrock error message: The toolResult blocks at messages.2.content contain duplicate Ids: tooluse_A", "TOOL_USE_RESULT_MISMATCH"),
    ("T03", loop(), loop(results=[result(), result("tooluse_Z")]), "Bedrock error message: Unexpected toolResult blocks at messages.2.content for the following Ids: tooluse_Z", "TOOL_USE_RESULT_MISMATCH"),
    (
        "T04",
        loop(uses=[use(), use("b")], results=[result(), result("b")]),
        body(user(), said("x", use(), use("b")), user("", results=[result()]), user("", results=[result("b")], tools=[tool()])),
        "Bedrock error message: Expected toolResult blocks at messages.2.content for the following Ids: b",
        "TOOL_USE_RESULT_MISMATCH",
    ),
    (
        "T05",
        body(user(), said("x", use()), user("", results=[result()]), said(), user(tools=[tool()])),
        body(user(), said("x", use()), user("wait"), said(), user("", results=[result()], tools=[tool()])),
        "Bedrock error message: Expected toolResult blocks at messages.2.content for the following Ids: tooluse_A",
        "TOOL_USE_RESULT_MISMATCH",
    ),
    ("T06", loop(uses=[use("a" * 64)], results=[result("a" * 64)]), loop(uses=[use("a|b")], results=[result("a|b")]), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ("T06", loop(), loop(uses=[use("a" * 65)], results=[result("a" * 65)]), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    (
        "T07",
        body(user(), said("x", use()), user("", results=[result()]), said("y", use()), user("", results=[result()], tools=[tool()])),
        loop(uses=[use(), use()]),
        "Bedrock error message: The toolUse blocks at messages.1.content contain duplicate Ids: tooluse_A",
        "TOOL_USE_RESULT_MISMATCH",
    ),
    ("T08", loop(uses=[use(input={"a": 1})]), loop(uses=[use(input="{}")]), IMPROPER, "REQUEST_BODY_INVALID"),
    ("T09", loop(), loop(tools=[tool("write")]), IMPROPER, "REQUEST_BODY_INVALID"),
    ("T10", loop(), loop(uses=[use(name="$WEB_SEARCH")]), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ("T11", loop(results=[result(status="error")]), loop(results=[result(isError=True)]), IMPROPER, "REQUEST_BODY_INVALID"),
    ("T11", loop(results=[result(content=[{"json": {}}])]), loop(results=[result(content="ok")]), IMPROPER, "REQUEST_BODY_INVALID"),
    ("S01", body(user(tools=[tool("mcp__a-b__c")])), body(user(tools=[STRANGE_NAME])), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ("S01", body(user(tools=[tool("a" * 64)])), body(user(tools=[tool("a" * 65)])), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ("S02", body(user(tools=[tool("a"), tool("A")])), body(user(tools=[tool("a"), tool("a")])), "Bedrock error message: The tool a is already defined. Tool names must be unique.", "TOOL_DUPLICATE"),
    ("S03", body(user(tools=[tool(description=" ")])), body(user(tools=[tool(description="")])), "Invalid tool use format.", "REQUEST_BODY_INVALID"),
    ("S05", body(user(tools=[tool()])), body(user(tools=[{"toolSpecification": {"name": "a", "description": "b"}}])), IMPROPER, "REQUEST_BODY_INVALID"),
    ("S05", body(user(tools=[tool()])), body(user(tools=[{"type": "function", "name": "a"}])), IMPROPER, "REQUEST_BODY_INVALID"),
    ("S06", body(user(tools=[tool(), tool("b")])), body(user(tools=[tool(), tool("b", {"anyOf": []})])), "Bedrock error message: The value at toolConfig.tools.1.toolSpec.inputSchema.json.type must be one of the following: object.", "TOOL_SCHEMA_INVALID"),
    ("I02", pictured(image()), pictured(image(format="jpeg")), "Could not process image", "IMAGE_MIME_MISMATCH"),
    ("I02", pictured(image()), pictured(image(base64.b64encode(b"<svg/>").decode(), "svg")), "Could not process image", "IMAGE_FORMAT_UNSUPPORTED"),
    ("I03", pictured(image()), pictured(image(f"data:image/png;base64,{png()}")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("I03", pictured(image()), pictured(image(png() + "\n")), IMPROPER, "REQUEST_BODY_INVALID"),
    ("I03", pictured(image()), pictured({"format": "png", "source": {"url": "http://127.0.0.1/"}}), IMPROPER, "REQUEST_BODY_INVALID"),
    ("I04", pictured(image(png() + "A" * (5 * 2**20 - len(png())))), pictured(image(png() + "A" * (5 * 2**20 + 4 - len(png())))), "messages.0: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes", "REQUEST_BODY_INVALID"),
    ("I05", pictured(image(png(8000, 1))), pictured(image(png(8001, 1))), "At least one of the image dimensions exceed max allowed size: 8000 pixels", "IMAGE_DIMENSION_EXCEEDED"),
    ("I05", pictured(*[image(png(2500, 1))] * 20), pictured(*[image(png(2500, 1))] * 21), "At least one of the image dimensions exceed max allowed size for many-image requests: 2000 pixels", "IMAGE_DIMENSION_EXCEEDED"),
    ("I06", pictured(*[image()] * 100), body(user(images=[image()] * 60), said(), user(images=[image()] * 41)), "too many images and documents: 101 + 0 > 100", "IMAGE_COUNT_EXCEEDED"),
    ("I09", pictured(image()), pictured(image(), model="glm-5"), IMPROPER, "REQUEST_BODY_INVALID"),
    ("R01", thought(OWN), thought(OWN, "changed"), "Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID"),
    ("R01", body(user(), said(reasoningContent={"redactedContent": OWN.redact()}), user()), body(user(), said(reasoningContent={"reasoningText": {"text": "hm"}}), user()), "Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID"),
    ("R02", thought(OWN), thought(OTHER), "Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID"),
    ("R02", thought(OTHER, model="gpt-5.6-sol"), thought(OWN, model="claude-haiku-4.5"), "Invalid signature in thinking block", "THINKING_SIGNATURE_INVALID"),
    ("Z01", body(user("x " * 250_000)), body(user("x " * 500_000)), "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    ("Z01", body(user("x" * 500_000)), body(user("字" * 500_000)), "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
]  # fmt: skip

# rule, body that passes everywhere, body that only the legacy service refuses, what it says, its reason.
LEGACY = [
    ("M01", body(user(), said(), user()), body(said(), user()), IMPROPER, None),
    ("C03", loop(said_text=" "), loop(said_text=""), IMPROPER, None),
    ("C05", body(user("x" * 600_000)), body(user("x" * 600_001)), "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    ("C05", loop(), loop(results=[result(content=[{"text": "x" * 800_001}])]), "Input is too long.", "CONTENT_LENGTH_EXCEEDS_THRESHOLD"),
    ("E13", body(user(tools=[tool()])), body(user(tools=[tool(), {"cachePoint": {"type": "default"}}])), IMPROPER, None),
    ("S04", body(user(tools=[tool(description="x" * 10_240)])), body(user(tools=[tool(description="x" * 10_241)])), IMPROPER, None),
    ("S07", body(user(tools=[tool(schema=NESTED)])), body(user(tools=[tool(schema={"type": "object", "required": []})])), IMPROPER, None),
    ("S07", body(user(tools=[tool(schema=NESTED)])), body(user(tools=[tool(schema={"type": "object", "properties": None})])), IMPROPER, None),
    *[
        ("S08", body(user(tools=[tool(schema=NESTED)])), body(user(tools=[tool(schema={"type": "object", "properties": {"a": inner}})])), IMPROPER, None)
        for inner in (
            {"$schema": "x"},
            {"type": "object", "additionalProperties": False},
            {"anyOf": [{"default": 1}]},
            {"items": {"format": "uri"}},
            {"exclusiveMinimum": 0},
            {"maximum": 9007199254740991},
            {"propertyNames": {}},
        )
    ],
]  # fmt: skip


def judge(value, profile="runtime", **changes):
    return check(json.dumps(value).encode(), terms(profile, **changes))


def label(case):
    return case if isinstance(case, str) and len(case) == 3 else ""


@pytest.mark.parametrize(("rule", "accepted", "refused", "message", "reason"), BOTH, ids=label)
def test_both_services_refuse(rule, accepted, refused, message, reason):
    assert judge(accepted) is None
    assert judge(accepted, "legacy", size_limit=10**7) is None
    rejection = judge(refused)
    assert (rejection.rule, rejection.status) == (rule, 400)
    assert rejection.body == {"message": message, "reason": reason}
    older = None if reason == "REQUEST_BODY_INVALID" else reason
    assert judge(refused, "legacy").body == {"message": message, "reason": older}


@pytest.mark.parametrize(("rule", "accepted", "refused", "message", "reason"), LEGACY, ids=label)
def test_only_the_legacy_service_refuses(rule, accepted, refused, message, reason):
    assert judge(accepted, "legacy") is None
    assert judge(refused, "runtime", size_limit=10**7) is None
    rejection = judge(refused, "legacy", size_limit=10**7)
    assert (rejection.rule, rejection.status, rejection.body) == (rule, 400, {"message": message, "reason": reason})


def test_every_rule_of_the_table_has_a_case():
    assert {rule.id for rule in RULES} == {case[0] for case in (*BOTH, *LEGACY)}
    assert {rule.id for rule in RULES if rule.legacy_only} == {case[0] for case in LEGACY}


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud83d"}', b"[" * 100_000])
def test_what_is_no_json(raw):
    rejection = check(raw, terms())
    assert (rejection.rule, rejection.body["message"]) == ("E12", "The request body is not valid JSON.")


def test_paired_surrogates_and_escaped_control_characters_are_json():
    assert check(json.dumps(body(user("\U0001f642 \x1b[0m\x00"))).encode(), terms()) is None


def test_empty_collections_are_no_fault():
    empty = user(images=[], userInputMessageContext={"tools": [], "toolResults": []})
    assert judge(body(empty, state={"history": []})) is None
    assert judge(body(user(), said("x", toolUses=[]), user(userInputMessageContext={})), "legacy") is None


def test_the_profile_is_only_asked_for_where_it_is_required():
    assert judge(without(body(), "profileArn"), arn_required=False) is None
    assert check_arn(None, terms(arn_required=False)) is None
    assert check_arn(None, terms()).body["message"] == "profileArn is required for this request."
    assert check_arn(BUILDER_ARN, terms()).body["message"] == "Invalid profileArn."


def test_the_size_limit_can_be_set_and_leaves_images_out():
    assert judge(body(user("word " * 200)), size_limit=100).rule == "Z01"
    assert judge(pictured(image(png() + "A" * 40_000)), size_limit=100) is None
