"""Rules about messages: roles, contents, and calls with their results."""

import base64
import binascii
import json
from typing import Any

from tests.simulators.openai import request as reading
from tests.simulators.openai.problem import Problem, missing, unknown, wrong_type, wrong_value
from tests.simulators.openai.request import Request, mapping


def roles(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        role = message.get("role")
        if role is None:
            return missing(f"messages[{at}].role")
        if role not in MEMBERS:
            return wrong_value(f"messages[{at}].role", role, tuple(MEMBERS))
    return None


def no_developer(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        if message["role"] in ("developer", "function"):
            return Problem(
                f"Failed to deserialize the JSON body into the target type: messages[{at}].role: "
                f"unknown variant `{message['role']}`, expected one of `system`, `user`, `assistant`, `tool`"
            )
    return None


def members(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        for name in message:
            if name not in MEMBERS[message["role"]]:
                return unknown(f"messages[{at}].{name}")
        for index, part in enumerate(reading.objects(message.get("content"))):
            for name in part:
                if name not in PART_MEMBERS.get(str(part.get("type")), {name}):
                    return unknown(f"messages[{at}].content[{index}].{name}")
    return None


def contents(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        content, param = message.get("content"), f"messages[{at}].content"
        if isinstance(content, str) or (isinstance(content, list) and content):
            continue
        if content is None and message["role"] == "assistant" and _says_otherwise(message):
            continue
        if content is None:
            return Problem(f"Invalid value for 'content': expected a string, got null. (messages[{at}])", f"messages.[{at}].content")
        if content == []:
            return Problem(
                f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead.", param
            )
        return wrong_type(param, "one of a string or array of objects", content)
    return None


def parts(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        content = message.get("content")
        for index, part in enumerate(content if isinstance(content, list) else ()):
            param = f"messages[{at}].content[{index}]"
            if not isinstance(part, dict):
                return wrong_type(param, "an object", part)
            kinds = PARTS[message["role"]]
            kind = part.get("type")
            if kind not in kinds:
                return wrong_value(param, kind, kinds) if kind else missing(f"{param}.type")
            if kind == "text" and not isinstance(part.get("text"), str):
                return missing(f"{param}.text") if "text" not in part else wrong_type(f"{param}.text", "a string", part["text"])
    return None


def text_only(request: Request) -> Problem | None:
    """These models see no pictures."""
    for path, _, part in reading.parts(request):
        if part.get("type") != "text":
            words = "Failed to deserialize the JSON body into the target type: {}: unknown variant `{}`, expected `text`"
            return Problem(words.format(path, part.get("type")))
    return None


def images(request: Request) -> Problem | None:
    """An address, or data of a kind that is known and can be read."""
    for path, _, part in reading.parts(request):
        if part.get("type") != "image_url":
            continue
        url = mapping(part.get("image_url")).get("url")
        if not isinstance(url, str):
            return missing(f"{path}.image_url.url")
        if url.startswith("data:"):
            if found := _data_url(url):
                return Problem(found, f"{path}.image_url.url", "invalid_image")
        elif not url.startswith(("http://", "https://")):
            return Problem(f"Failed to download image from {url}.", f"{path}.image_url.url", "invalid_image_url")
        elif request.vendor.name in ("kimi", "ollama"):
            return Problem("Invalid request: unsupported image url, only base64 data is supported", f"{path}.image_url.url")
    return None


def calls(request: Request) -> Problem | None:
    """The shape of the calls in assistant turns."""
    for at, message in enumerate(request.messages):
        if "tool_calls" not in message or (message["tool_calls"] is None and request.vendor.name != "openai"):
            continue
        param = f"messages[{at}].tool_calls"
        made = message["tool_calls"]
        if not isinstance(made, list):
            return wrong_type(param, "an array of objects", made)
        if not made and request.vendor.name == "openai":
            words = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            return Problem(words, param, "empty_array")
        for index, each in enumerate(made):
            if found := _call(f"{param}[{index}]", mapping(each)):
                return found
    return None


def orphans(request: Request) -> Problem | None:
    """Each tool message answers a call of the assistant turn that its block of tool messages follows."""
    open_calls: set[str] = set()
    for at, message in enumerate(request.messages):
        if message["role"] == "tool":
            identity = message.get("tool_call_id")
            if not isinstance(identity, str):
                return missing(f"messages[{at}].tool_call_id")
            if identity not in open_calls:
                return Problem(ORPHAN, f"messages.[{at}].role")
            open_calls.discard(identity)
        else:
            open_calls = {str(each.get("id")) for each in reading.calls(message)}
    return None


def unanswered(request: Request) -> Problem | None:
    """Each call has its tool message right after the turn."""
    found = request.messages
    for at, message in enumerate(found):
        wanted = [str(each.get("id")) for each in reading.calls(message)]
        if len(set(wanted)) < len(wanted):
            return Problem(f"Duplicate value for 'tool_call_id' of '{wanted[-1]}' in message[{at}]", f"messages.[{at}].tool_calls")
        given = set()
        for later in found[at + 1 :]:
            if later["role"] != "tool":
                break
            given.add(later.get("tool_call_id"))
        left = [identity for identity in wanted if identity not in given]
        if left:
            return Problem(UNANSWERED + ", ".join(left), f"messages.[{at + 1}].role")
    return None


def _call(param: str, call: dict[str, Any]) -> Problem | None:
    if not isinstance(call.get("id"), str) or not call["id"]:
        return missing(f"{param}.id")
    if call.get("type", "function") != "function":
        return wrong_value(f"{param}.type", call["type"], ("function",))
    function = mapping(call.get("function"))
    for name in ("name", "arguments"):
        if not isinstance(function.get(name), str):
            where = f"{param}.function.{name}"
            return wrong_type(where, "a string", function[name]) if name in function else missing(where)
    try:
        json.loads(function["arguments"] or "{}")
    except ValueError:
        return Problem(f"Invalid '{param}.function.arguments': not valid JSON.", f"{param}.function.arguments")
    return None


def _says_otherwise(message: dict[str, Any]) -> bool:
    return bool(message.get("tool_calls") or message.get("refusal") or message.get("audio") or message.get("function_call"))


def _data_url(url: str) -> str | None:
    head, _, data = url.partition(",")
    media = head.removeprefix("data:").removesuffix(";base64")
    if media not in MEDIA or not head.endswith(";base64"):
        return f"Invalid MIME type. Only image types are supported: {media}."
    try:
        found = base64.b64decode(data, validate=True)
    except binascii.Error:
        return "Invalid base64 image_url."
    return None if found.startswith(MEDIA[media]) else "You uploaded an unsupported image. Please make sure your image is valid."


ORPHAN = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: "
)
MEDIA = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8", "image/gif": b"GIF8", "image/webp": b"RIFF"}
MEMBERS: dict[str, frozenset[str]] = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset({"role", "content", "name", "refusal", "audio", "tool_calls", "function_call", "annotations"}),
    "tool": frozenset({"role", "content", "tool_call_id"}),
    "function": frozenset({"role", "content", "name"}),
}
PARTS: dict[str, tuple[str, ...]] = {
    "system": ("text",),
    "developer": ("text",),
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
    "tool": ("text",),
    "function": ("text",),
}
PART_MEMBERS: dict[str, frozenset[str]] = {
    "text": frozenset({"type", "text", "prompt_cache_breakpoint"}),
    "image_url": frozenset({"type", "image_url", "prompt_cache_breakpoint"}),
    "input_audio": frozenset({"type", "input_audio", "prompt_cache_breakpoint"}),
    "file": frozenset({"type", "file", "prompt_cache_breakpoint"}),
    "refusal": frozenset({"type", "refusal"}),
}
