"""A Messages request read into a Call.

Two passes over the body: a typed one that checks and builds, and a shallow one that finds the
top-level members which have no seat in a Call. A body with unknown members further in is pruned of
them between two typed passes.
"""

import re
from collections.abc import Callable
from typing import Literal, NoReturn, TypeAlias

import msgspec

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, OutputFormat, Sampling, Thinking
from dataplane.dialects.anthropic import body as wire
from dataplane.dialects.anthropic import tools, unknown
from dataplane.dialects.anthropic.blocks import texts, turns
from dataplane.dialects.anthropic.notes import QUOTED_CHARACTERS, Notes
from dataplane.dialects.base import check_stops
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext, pruning
from dataplane.wire.pruning import written

FAMILY = "anthropic"

Members: TypeAlias = dict[str, jsontext.Raw]

_decode = msgspec.json.Decoder(wire.Request).decode
_decode_members = msgspec.json.Decoder(Members).decode
_decode_effort = msgspec.json.Decoder(wire.LaterConfig).decode
_decode_edits = msgspec.json.Decoder(wire.ContextManagement).decode


def request(body: bytes) -> Call:
    """The body of /v1/messages. Raises InvalidRequest."""
    return _guarded(body, _request)


def count_request(body: bytes) -> Call:
    """The body of /v1/messages/count_tokens, which may hold nothing but a model and tools. Raises InvalidRequest."""
    return _guarded(body, _call)


def _guarded(body: bytes, build: Callable[[wire.Request, Members, Notes], Call]) -> Call:
    """`build` what `body` asks for; what the codec refuses becomes an InvalidRequest."""
    notes = Notes()
    try:
        return build(_known(body, notes), _decode_members(body), notes)
    except jsontext.ValidationError as error:
        _refuse_member(error)
    except jsontext.DecodeError as error:
        mended = jsontext.mend(body)
        if mended != body:
            return _guarded(mended, build)
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    except UnicodeDecodeError:
        raise InvalidRequest("the body is not valid UTF-8") from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None


def _known(body: bytes, notes: Notes) -> wire.Request:
    """The body without members that are unknown further in than at its top; they are noted as dropped. Blocks of
    unknown kinds have a mark in their place.
    """
    try:
        return _decode(body)
    except jsontext.ValidationError as error:
        if not str(error).startswith((pruning.UNKNOWN_MEMBER, UNKNOWN_KIND)):
            raise
    return _decode(pruning.prune(unknown.known(body), wire.Request, notes.dropped))


def _request(asked: wire.Request, members: Members, notes: Notes) -> Call:
    if not asked.messages:
        raise InvalidRequest("messages: at least one message is required", param="messages")
    if asked.max_tokens is None:
        raise InvalidRequest("max_tokens: a number of tokens is required", param="max_tokens")
    if tools.text(members.get("thread", jsontext.Raw(b"null"))) not in {b"null", b"false"}:
        # The code by which the official SDKs know to send the whole conversation instead.
        told = "thread: conversations are not kept here; send all messages with each request"
        raise InvalidRequest(told, param="thread", code="thread_unsupported_request")
    return _call(asked, members, notes)


def _refuse_member(error: jsontext.ValidationError) -> NoReturn:
    what, param = jsontext.path(error)
    what = what[:QUOTED_CHARACTERS]
    missing = _MISSING.match(what)
    if missing:
        param = f"{param}.{missing[1]}" if param else missing[1]
        what = "is required"
    elif what.startswith("Invalid"):
        what += ", which is not supported here"
    if not param:
        raise InvalidRequest(f"the body: {what}") from None
    raise InvalidRequest(f"{param}: {what}", param=param) from None


def _call(asked: wire.Request, members: Members, notes: Notes) -> Call:
    made = tools.offer(asked.tools, notes) if asked.tools else tools.Offer()
    user = (asked.metadata and asked.metadata.user_id) or ""
    read = turns(asked.messages, notes) if asked.messages else []
    notes.ask_places()
    _later_effort(asked, notes)
    return Call(
        model=asked.model,
        turns=read,
        family=FAMILY,
        system=texts(asked.system, "system", notes),
        tools=made.tools,
        tool_choice=tools.choice(asked, made, notes),
        sampling=_sampling(asked, notes),
        thinking=_thinking(asked, notes),
        output_format=_output_format(asked, notes),
        web_search=made.web_search,
        stream=bool(asked.stream),
        user=user,
        session=session(user),
        dropped=notes.dropped,
        extras=_extras(members),
        asked=notes.asked,
        media=notes.media,
    )


def _sampling(asked: wire.Request, notes: Notes) -> Sampling:
    check_stops(asked.stop_sequences or [], "stop_sequences")
    said = Sampling(asked.max_tokens, asked.temperature, asked.top_p, asked.top_k, asked.stop_sequences or [])
    if said.max_tokens is not None:
        notes.asked[Feature.MAX_TOKENS] = ["max_tokens"]
    # One is what the API draws with when nothing is said.
    if said.temperature is not None and said.temperature != 1:
        notes.asked[Feature.TEMPERATURE] = ["temperature"]
    if said.top_p is not None and said.top_p != 1:
        notes.asked[Feature.TOP_P] = ["top_p"]
    if said.top_k is not None:
        notes.asked[Feature.TOP_K] = ["top_k"]
    if said.stop:
        notes.asked[Feature.STOP] = ["stop_sequences"]
    return said


def _output_format(asked: wire.Request, notes: Notes) -> OutputFormat | None:
    """Where both spellings are used, the present one counts."""
    path, said = "output_config.format", asked.output_config and asked.output_config.format
    if not said:
        path, said = "output_format", asked.output_format
    if not said:
        return None
    if said.type != "json_schema":
        notes.dropped.append(path)
        return None
    notes.ask(Feature.JSON_SCHEMA, path)
    schema = tools.text(said.schema)
    if not schema.startswith(b"{"):
        raise InvalidRequest(f"{path}.schema: must be an object", param=f"{path}.schema")
    # The Messages API holds every answer to its schema.
    return OutputFormat("json_schema", schema, strict=True)


def _thinking(asked: wire.Request, notes: Notes) -> Thinking | None:
    """What is asked of the reasoning. An effort alone is kept with thinking off, which is what its absence means."""
    effort = _effort(asked, notes)
    said = asked.thinking
    if said is None:
        return Thinking("disabled", effort=effort) if effort else None
    mode = MODES.get(said.type)
    if mode is None:
        notes.dropped.append("thinking.type")
    if mode != "disabled":
        notes.ask(Feature.THINKING, "thinking")
    if said.budget_tokens is not None:
        notes.ask(Feature.THINKING_BUDGET, "thinking.budget_tokens")
    if said.block_binding and said.block_binding.prefix_mismatch_behavior not in {None, "drop_block"}:
        notes.dropped.append("thinking.block_binding")
    display = DISPLAYS.get(said.display or "")
    if display is None:
        notes.dropped.append("thinking.display")
    elif display:
        notes.ask(Feature.THINKING_DISPLAY, "thinking.display")
    return Thinking(mode or "adaptive", said.budget_tokens, effort, display or "")


def _effort(asked: wire.Request, notes: Notes) -> str:
    effort = (asked.output_config and asked.output_config.effort) or ""
    if not effort:
        return ""
    if effort not in EFFORTS:
        notes.dropped.append("output_config.effort")
        return ""
    notes.ask(Feature.EFFORT, "output_config.effort")
    return effort


def session(user: str) -> str:
    """The conversation's name within `metadata.user_id`, "" when it has none.

    Claude Code writes JSON with a `session_id`; its releases before 2026 wrote `..._session_<uuid>`.
    """
    if user.startswith("{"):
        try:
            found = jsontext.loads(user).get("session_id")
        except (jsontext.DecodeError, RecursionError):
            return ""
        return found if isinstance(found, str) else ""
    matched = _SESSION.search(user)
    return matched[1] if matched else ""


def _extras(members: Members) -> dict[str, bytes]:
    """The members without a seat, as JSON text. null says nothing and is left out."""
    extras = {}
    for name, raw in members.items():
        if name in SEATED:
            continue
        text = tools.text(raw)
        if text != b"null" and not _said(name, text):
            extras[name] = text
    return extras


def _said(name: str, text: bytes) -> bool:
    """Whether nothing of the member is left to be said."""
    if name in PARTLY_SEATED:
        return _within(text, PARTLY_SEATED[name])
    return name == "context_management" and _keeps_all(text)


def _keeps_all(text: bytes) -> bool:
    """Whether a `context_management` clears nothing, as Claude Code's usual one."""
    try:
        edits = _decode_edits(text).edits
    except jsontext.ValidationError:
        return False
    return all(written(edit.keep) == b'"all"' for edit in edits)


def _later_effort(asked: wire.Request, notes: Notes) -> None:
    """An effort that a message asks for counts from there on, so only the last one matters, where it differs from
    the request's own.
    """
    if not notes.efforts:
        return
    place, raw = notes.efforts[-1]
    try:
        later = _decode_effort(raw).effort
    except jsontext.ValidationError:
        later = None
    if later is None or later != (asked.output_config and asked.output_config.effort):
        notes.dropped.append(f"messages[{place}].output_config")


def _within(text: bytes, known: frozenset[str]) -> bool:
    """Whether the object `text` says nothing but `known`."""
    return all(name in known or bytes(raw) == b"null" for name, raw in _decode_members(text).items())


_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_SESSION = re.compile(r"session_([0-9a-fA-F-]{36})")
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})

# How the decoder's error about an object of no known kind begins.
UNKNOWN_KIND = "Invalid value"

MODES: dict[str, Literal["enabled", "adaptive", "disabled"]] = {"enabled": "enabled", "adaptive": "adaptive", "disabled": "disabled"}

# "updates" is what newer Claude Code asks for: short reports while the model thinks.
DISPLAYS = {"": "", "summarized": "summarized", "omitted": "omitted", "updates": "summarized"}

# Top-level members a Call has a seat for. `cache_control` is a hint.
SEATED = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "system",
        "tools",
        "tool_choice",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "stream",
        "thinking",
        "output_format",
        "cache_control",
    }
)

# Members of which a Call keeps some members.
PARTLY_SEATED = {"metadata": frozenset({"user_id"}), "output_config": frozenset({"effort", "format"})}
