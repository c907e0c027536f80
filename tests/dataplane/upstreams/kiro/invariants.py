"""What Kiro demands of a request body, written from the validation notes and from nothing of the plug-in.

`violations` names each broken rule; an empty list is a body that Kiro takes.
"""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
ARN = re.compile(r"arn:aws:codewhisperer:[a-z0-9-]+:\d+:profile/\w+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def violations(body: bytes) -> list[str]:
    parsed = json.loads(body.decode("utf-8"))
    return [rule for rules in (_envelope, _turns, _pairing, _tools) for rule in rules(parsed)]


def entries(parsed: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = parsed["conversationState"]
    return [next(iter(entry.items())) for entry in [*found.get("history", []), found["currentMessage"]]]


def results(message: dict[str, Any]) -> list[dict[str, Any]]:
    return message.get("userInputMessageContext", {}).get("toolResults", [])


def _envelope(parsed: dict[str, Any]) -> Iterator[str]:
    allowed = {"conversationState", "profileArn", "additionalModelRequestFields"}
    if not parsed.keys() <= allowed:
        yield "E02"
    if "profileArn" in parsed and not ARN.fullmatch(parsed["profileArn"]):
        yield "E04"
    found = parsed["conversationState"]
    if (found["chatTriggerType"], found["agentTaskType"]) != ("MANUAL", "vibe"):
        yield "E05 E10"
    if not UUID.fullmatch(found["conversationId"]):
        yield "E08"
    try:
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError:
        yield "E12"
    for role, message in entries(parsed):
        if role == "userInputMessage" and (message["origin"] != "AI_EDITOR" or not message["modelId"]):
            yield "E09"
        context = message.get("userInputMessageContext", {"": 1})
        if not context or not all(context.values()) or message.get("toolUses") == []:
            yield "E14"
    if found.get("history") == []:
        yield "E14"


def _turns(parsed: dict[str, Any]) -> Iterator[str]:
    turns = entries(parsed)
    roles = [role for role, _ in turns]
    if roles[0] != "userInputMessage" or results(turns[0][1]):
        yield "M01"
    if roles[-1] != "userInputMessage":
        yield "M02"
    if any(one == two for one, two in pairwise(roles)):
        yield "M03"
    for role, message in turns:
        if not isinstance(message["content"], str):
            yield "C04"
        if role == "userInputMessage" and not message["content"].strip() and not results(message):
            yield "C01"
        if role == "assistantResponseMessage" and not message["content"].strip() and not message.get("toolUses"):
            yield "C02"


def _pairing(parsed: dict[str, Any]) -> Iterator[str]:
    asked: list[str] = []
    seen: set[str] = set()
    for role, message in entries(parsed):
        if role == "assistantResponseMessage":
            asked = [use["toolUseId"] for use in message.get("toolUses", [])]
            if len(set(asked)) < len(asked) or seen & set(asked):
                yield "T07"
            seen.update(asked)
            if not all(LEGAL.fullmatch(given) for given in asked):
                yield "T06"
            if not all(isinstance(use["input"], dict) for use in message.get("toolUses", [])):
                yield "T08"
            continue
        given = [result["toolUseId"] for result in results(message)]
        if given != asked:
            yield "T01 T02 T03 T04 T05 T13"
        asked = []
        for result in results(message):
            if result.keys() != {"toolUseId", "content", "status"} or result["status"] not in {"success", "error"}:
                yield "T11"
            if not result["content"] or not all(part.keys() == {"text"} and part["text"].strip() for part in result["content"]):
                yield "T12"


def _tools(parsed: dict[str, Any]) -> Iterator[str]:
    turns = entries(parsed)
    if any("tools" in message.get("userInputMessageContext", {}) for _, message in turns[:-1]):
        yield "S12"
    declared = [tool["toolSpecification"] for tool in turns[-1][1].get("userInputMessageContext", {}).get("tools", [])]
    names = [tool["name"] for tool in declared]
    if len(set(names)) < len(names):
        yield "S02"
    if not all(LEGAL.fullmatch(name) for name in names):
        yield "S01"
    if not {use["name"] for _, message in turns for use in message.get("toolUses", [])} <= set(names):
        yield "T09 T10"
    for tool in declared:
        if not tool["description"]:
            yield "S03"
        schema = tool["inputSchema"]["json"]
        if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
            yield "S06"
        if '"required": []' in json.dumps(schema) or '"required": null' in json.dumps(schema):
            yield "S07"
        if "$schema" in schema:
            yield "S08"
