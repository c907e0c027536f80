"""The last look at a body: each rule on its form once more, on the exact bytes that would be sent.

This module knows nothing of the code that builds bodies; what it finds is a defect of that code, or a
conversation nobody has thought of. Such a body is refused here, before it can cost anything. Types
and members are checked by the JSON decoder, the rest in one pass over the turns.
"""

import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET

from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro.asking import form
from dataplane.upstreams.kiro.asking.rules import RULES
from dataplane.upstreams.kiro.hosts import Host
from dataplane.wire import jsontext

MAX_HISTORY = 10_000
MAX_IMAGES = 100
MAX_ENCODED = 5 * 1024 * 1024
# Longer schemas are rare and would make the memory's size depend on what clients send.
REMEMBERED_BYTES = 16 * 1024

# The keywords that every host takes in a schema (S08).
KEYS = frozenset({"type", "description", "properties", "required", "items", "enum", "title"})
_MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "webp": b"RIFF"}
# Which rule speaks of a member.
_MEMBERS = {
    "content": "C04",
    "input": "T08",
    "inputSchema": "S05",
    "type": "S06",
    "json": "S05",
    "description": "S03",
    "name": "S01",
    "toolUseId": "T06",
    "status": "T11",
    "toolResults": "T11",
    "text": "T12",
    "images": "I01",
    "source": "I03",
    "bytes": "I03",
    "format": "I02",
    "reasoningContent": "R01",
    "reasoningText": "R01",
    "signature": "R01",
    "redactedContent": "R01",
    "origin": "E09",
    "modelId": "E07",
    "agentTaskType": "E10",
    "chatTriggerType": "E05",
    "conversationId": "E08",
    "profileArn": "E04",
    "additionalModelRequestFields": "E06",
    "currentMessage": "M02",
    "userInputMessage": "M02",
}

# Which rule speaks of a member that must not be there.
_STRANGERS = {
    "systemPrompt": "E01",
    "inferenceConfig": "E03",
    "envState": "E11",
    "cachePoint": "E13",
    "assistantResponseMessage": "M02",
    "isError": "T11",
    "tools": "S12",
    "images": "I01",
    "url": "I03",
}
_unknown = re.compile(r"unknown field `(.*)`").search
_missing = re.compile(r"missing required field `(.*)`").search

# All names and ids at once, each ended by a line break (S01, T06, T10).
_legal = re.compile(r"(?:[A-Za-z0-9_-]{1,64}\n)*").fullmatch
_uuid = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}").fullmatch
_arn = re.compile(r"arn:aws[a-z-]*:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9]+").fullmatch


_read = msgspec.json.Decoder(form.Body).decode
_read_schemas = msgspec.json.Decoder(form.LooseBody).decode


def check(data: bytes, lease: Lease, host: Host, *, conservative: bool = False) -> None:
    """Raises InvalidRequest for the first broken rule. With `conservative`, schemas may have seven keys only (S08)."""
    try:
        body = _read(data)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except RecursionError as error:
        raise InvalidRequest("the conversation is nested too deeply for this model", param="messages") from error
    except ValueError as error:
        raise _refusal("E12", "it is no valid JSON") from error
    _envelope(body, lease)
    turns = _Turns(lease.model, host)
    turns.follow(body.conversation_state)
    declared = _declared(body.conversation_state, host)
    if declared or turns.ids:
        _names(turns, declared)
    if turns.pictures:
        _pictures(turns.pictures, lease)
    if conservative and declared:
        _schemas(data)


def _envelope(body: form.Body, lease: Lease) -> None:
    if body.profile_arn and not _arn(body.profile_arn):
        raise _refusal("E04", "profileArn is malformed")
    if body.profile_arn == "":
        raise _refusal("E04", "profileArn is empty")
    if body.additional_model_request_fields and not lease.request_fields_schema:
        raise _refusal("E06", "this model takes no additionalModelRequestFields")
    state = body.conversation_state
    if not _uuid(state.conversation_id):
        raise _refusal("E08", "conversationId is no UUID")
    if state.history and len(state.history) > MAX_HISTORY:
        raise _refusal("M06", f"it has {len(state.history)} turns, at most {MAX_HISTORY} can be sent")


class _Turns:
    """The conversation from its first turn to its last."""

    __slots__ = ("asked", "host", "ids", "model", "pictures", "used")

    def __init__(self, model: str, host: Host) -> None:
        self.model = model
        self.host = host
        # Ids of the calls that the next turn must answer.
        self.asked: list[str] = []
        self.ids: list[str] = []
        self.used: set[str] = set()
        self.pictures: list[tuple[int, form.Picture]] = []

    def follow(self, state: form.State) -> None:
        history = state.history or ()
        for index, entry in enumerate(history):
            said, answered = entry.user_input_message, entry.assistant_response_message
            if bool(said) is bool(answered):
                raise _refusal("M04", "it has not one speaker", index)
            if bool(answered) != bool(index % 2):
                raise _refusal("M03" if index else "M01", "the speakers do not take turns, the user first", index)
            if said:
                self.question(index, said)
            elif answered:
                self.answer(index, answered)
        if len(history) % 2:
            raise _refusal("M03", "two user turns follow each other", len(history))
        self.question(len(history), state.current_message.user_input_message)

    def question(self, index: int, said: form.Question | form.Current) -> None:
        context = said.user_input_message_context
        results = context.tool_results if context else UNSET
        if results or self.asked:
            self.results(index, results or [])
        elif not said.content or said.content.isspace():
            raise _refusal("C01", "it is empty", index)
        if said.model_id != self.model:
            raise _refusal("E07", f"it names the model {said.model_id!r}", index)
        if said.images:
            self.pictures += [(index, picture) for picture in said.images]
        if self.host.user_characters and len(said.content) > self.host.user_characters:
            raise _refusal("C05", f"its text is longer than {self.host.user_characters} characters", index)

    def results(self, index: int, results: Sequence[form.Result]) -> None:
        given = [result.tool_use_id for result in results]
        if given != self.asked:
            raise _mismatch(self.asked, given, index)
        self.asked = []
        if cap := self.host.result_characters:
            for result in results:
                if sum(len(part.text) for part in result.content) > cap:
                    raise _refusal("C05", f"the result {result.tool_use_id} is longer than {cap} characters", index)

    def answer(self, index: int, answered: form.Answer) -> None:
        uses, reasoning = answered.tool_uses, answered.reasoning_content
        if uses:
            asked = self.asked = [use.tool_use_id for use in uses]
            self.ids += asked
            self.used.update([use.name for use in uses])
            if len(asked) > 1 and len(set(asked)) < len(asked):
                raise _refusal("T07", "two calls have the same id", index)
            if not answered.content and self.host.assistant_text:
                raise _refusal("C03", "calls stand without any text", index)
        elif not answered.content or answered.content.isspace():
            raise _refusal("C02", "it is empty", index)
        if reasoning and bool(reasoning.reasoning_text) is bool(reasoning.redacted_content):
            raise _refusal("R01", "its reasoning is neither signed nor redacted", index)


def _mismatch(asked: Sequence[str], given: Sequence[str], index: int) -> InvalidRequest:
    """Which rule the results break; all of them say that they are exactly those of the turn before, in its order."""
    if not asked:
        return _refusal("T02", "it has results of calls that nobody made", index)
    if len(set(given)) < len(given):
        return _refusal("T03", "a call has two results", index)
    if foreign := [one for one in given if one not in asked]:
        return _refusal("T03", f"it has results of other calls: {', '.join(foreign)}", index)
    if missing := [one for one in asked if one not in given]:
        return _refusal("T01", f"it lacks results of the calls {', '.join(missing)}", index)
    return _refusal("T13", "its results are not in the order of their calls", index)


def _declared(state: form.State, host: Host) -> list[str]:
    """The names of the tools."""
    context = state.current_message.user_input_message.user_input_message_context
    names: list[str] = []
    for tool in (context.tools or ()) if context else ():
        specification, limit = tool.tool_specification, host.description_bytes
        if len(specification.description) * 4 > limit and len(specification.description.encode()) > limit:
            raise _refusal("S04", f"the description of {specification.name} is longer than {limit} bytes", param="tools")
        names.append(specification.name)
    return names


def _names(turns: _Turns, declared: list[str]) -> None:
    if len(set(declared)) < len(declared):
        raise _refusal("S02", "two tools have the same name", param="tools")
    if not turns.used.issubset(declared):
        raise _refusal("T09", f"tools were called that are not declared: {', '.join(turns.used.difference(declared))}", param="tools")
    for rule, words, names in (("S01", "names of tools", declared), ("T06", "ids of calls", turns.ids)):
        joined = "".join([f"{name}\n" for name in names])
        # A line break within a name would make two of it.
        if not _legal(joined) or joined.count("\n") != len(names):
            raise _refusal(rule, f"{words} may have 1 to 64 letters, digits, _ and - only")


def _pictures(pictures: Sequence[tuple[int, form.Picture]], lease: Lease) -> None:
    if lease.input_types and "image" not in lease.input_types:
        raise _refusal("I09", "this model reads no pictures", pictures[0][0])
    if len(pictures) > MAX_IMAGES:
        raise _refusal("I06", f"it has {len(pictures)} pictures, at most {MAX_IMAGES} can be sent")
    for index, picture in pictures:
        text = memoryview(picture.source.bytes)
        if len(text) - 2 > MAX_ENCODED:
            raise _refusal("I04", "a picture is larger than 5 MiB in base64", index)
        if not _fits(picture.format, text[1:-1]):
            raise _refusal("I02", f"a picture called {picture.format} is none, or not in base64", index)


def _fits(format: str, text: memoryview) -> bool:
    """Whether the first bytes of base64 are those of the format."""
    try:
        head = binascii.a2b_base64(text[:16], strict_mode=True)
    except ValueError:
        return False
    return len(text) % 4 == 0 and head.startswith(_MAGIC[format]) and (format != "webp" or head[8:12] == b"WEBP")


def _schemas(data: bytes) -> None:
    """S07, S08: the schemas once more, as each is looked into only where the host demands it."""
    for schema in _read_schemas(data).conversation_state.current_message.user_input_message.user_input_message_context.schemas():
        if fault := _known_fault(schema) if len(schema) <= REMEMBERED_BYTES else _fault(schema):
            raise _refusal(*fault, param="tools")


def _fault(schema: bytes) -> tuple[str, str] | None:
    """The first fault of a schema, as rule and words."""
    waiting = [jsontext.loads(schema)]
    while waiting:
        found = waiting.pop()
        if not isinstance(found, dict):
            continue
        if foreign := found.keys() - KEYS:
            return "S08", f"a tool's schema has the keywords {', '.join(sorted(foreign))}"
        if not _is_well_formed(found):
            return "S07", "a tool's schema has an empty or malformed required or properties"
        waiting += [found.get("items"), *found.get("properties", {}).values()]
    return None


# Clients send the same schemas with every request.
_known_fault = lru_cache(maxsize=512)(_fault)


def _is_well_formed(schema: dict[str, Any]) -> bool:
    required, properties = schema.get("required", [""]), schema.get("properties", {})
    return isinstance(properties, dict) and isinstance(required, list) and bool(required)


def _misfit(error: msgspec.ValidationError) -> InvalidRequest:
    """What the decoder found, as a rule."""
    message, where = jsontext.path(error)
    if "of length >= 1" in message and "str" not in message:
        return _refusal("E14", f"{where} is empty")
    place = where or "the top"
    if unknown := _unknown(message):
        return _refusal(_STRANGERS.get(unknown[1], "E02"), f"{place} has the member {unknown[1]}, which is not known")
    named = _missing(message)
    members = [*re.findall(r"\w+", where), *(named.groups() if named else ())]
    rule = next((_MEMBERS[name] for name in reversed(members) if name in _MEMBERS), "E02")
    return _refusal(rule, f"{message} in {place}")


def _refusal(rule: str, words: str, index: int | None = None, *, param: str = "messages") -> InvalidRequest:
    where = "" if index is None else f" in turn {index + 1} of what would be sent"
    told = f"{words}{where} (rule {rule}: {RULES[rule].demand})"
    return InvalidRequest(f"the conversation cannot be put in the form this model takes: {told}", param=param)
