"""What Kiro demands of a request body, written from the validation notes and from nothing of the plug-in.

`violations` names each broken rule; an empty list is a body that Kiro takes.
"""

import base64
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

LEGAL = re.compile(r"[A-Za-z0-9_-]{1,64}")
ARN = re.compile(r"arn:aws:codewhisperer:[a-z0-9-]+:\d+:profile/\w+")
USERS = {"userInputMessage"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def violations(body: bytes) -> list[str]:
    parsed = json.loads(body.decode("utf-8"))
    return [rule for rules in (_envelope, _members, _turns, _pairing, _tools, _pictures, _reasoning) for rule in rules(parsed)]


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


MEMBERS = {
    "userInputMessage": {"content", "modelId", "origin", "images", "userInputMessageContext"},
    "assistantResponseMessage": {"content", "toolUses", "reasoningContent"},
}


def _members(parsed: dict[str, Any]) -> Iterator[str]:
    found = parsed["conversationState"]
    known = {"conversationId", "chatTriggerType", "agentTaskType", "agentContinuationId", "history", "currentMessage"}
    if not found.keys() <= known or len({message.get("modelId") for role, message in entries(parsed) if role in USERS}) != 1:
        yield "E02 E07"
    if not all(message.keys() <= MEMBERS[role] for role, message in entries(parsed)):
        yield "E02 I01"
    if not all(message.get("userInputMessageContext", {}).keys() <= {"tools", "toolResults"} for _, message in entries(parsed)):
        yield "E11"
    if "cachePoint" in keys(parsed):
        yield "E13"
    if any(message.get("images") == [] for _, message in entries(parsed)):
        yield "E14"


def keys(value: Any) -> set[str]:
    """Names of members at every depth but within what clients declare and send themselves."""
    if isinstance(value, list):
        return {name for item in value for name in keys(item)}
    if not isinstance(value, dict):
        return set()
    return value.keys() | {name for key, item in value.items() if key not in {"input", "json"} for name in keys(item)}


def _pictures(parsed: dict[str, Any]) -> Iterator[str]:
    seats = [seat for _, message in entries(parsed) for seat in message.get("images", [])]
    if len(seats) > 100:
        yield "I06"
    for seat in seats:
        if seat.keys() != {"format", "source"} or seat["source"].keys() != {"bytes"}:
            yield "I03"
        data = base64.b64decode(seat["source"]["bytes"], validate=True)
        if not re.match(MAGIC[seat["format"]], data, re.DOTALL):
            yield "I02"
        if len(seat["source"]["bytes"]) > 5 * 1024 * 1024:
            yield "I04"


MAGIC = {"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8[79]a", "webp": b"RIFF....WEBP"}


def _reasoning(parsed: dict[str, Any]) -> Iterator[str]:
    for _, message in entries(parsed):
        match message.get("reasoningContent"):
            case None | {"reasoningText": {"text": str(), "signature": str()}} | {"redactedContent": str()}:
                pass
            case _:
                yield "R01"


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
