"""A Messages request read into a Call.

Two passes over the body: a typed one that checks and builds, and a shallow one that finds the
top-level members which have no seat in a Call.
"""

import re
from collections.abc import Callable
from typing import NoReturn, TypeAlias

import msgspec

from dataplane.conversation.model import Call, Sampling, Thinking, Tool, ToolChoice
from dataplane.dialects.anthropic import body as wire
from dataplane.dialects.anthropic.blocks import Dropped, texts, turn
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext

FAMILY = "anthropic"

Members: TypeAlias = dict[str, jsontext.Raw]

_decode = msgspec.json.Decoder(wire.Request).decode
_decode_members = msgspec.json.Decoder(Members).decode


def request(body: bytes) -> Call:
    """The body of /v1/messages. Raises InvalidRequest."""
    return _guarded(body, _request)


def count_request(body: bytes) -> Call:
    """The body of /v1/messages/count_tokens, which may hold nothing but a model and tools. Raises InvalidRequest."""
    return _guarded(body, _call)


def _guarded(body: bytes, build: Callable[[wire.Request, Members], Call]) -> Call:
    """`build` what `body` asks for; what the codec refuses becomes an InvalidRequest."""
    try:
        return build(_decode(body), _decode_members(body))
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


def _request(asked: wire.Request, members: Members) -> Call:
    if not asked.messages:
        raise InvalidRequest("messages: at least one message is required", param="messages")
    if asked.max_tokens is None:
        raise InvalidRequest("max_tokens: a number of tokens is required", param="max_tokens")
    return _call(asked, members)


def _refuse_member(error: jsontext.ValidationError) -> NoReturn:
    what, param = jsontext.path(error)
    missing = _MISSING.match(what)
    if missing:
        param = f"{param}.{missing[1]}" if param else missing[1]
        what = "is required"
    elif what.startswith("Invalid"):
        what += ", which is not supported here"
    if not param:
        raise InvalidRequest(f"the body: {what}") from None
    raise InvalidRequest(f"{param}: {what}", param=param) from None


def _call(asked: wire.Request, members: Members) -> Call:
    dropped: Dropped = []
    tools = _tools(asked.tools or [], dropped)
    user = (asked.metadata and asked.metadata.user_id) or ""
    return Call(
        model=asked.model,
        turns=[turn(message, i, dropped) for i, message in enumerate(asked.messages or ())],
        family=FAMILY,
        system=texts(asked.system, "system", dropped),
        tools=tools,
        tool_choice=_tool_choice(asked.tool_choice, asked.tools or [], tools, dropped),
        sampling=_sampling(asked),
        thinking=_thinking(asked, dropped),
        stream=bool(asked.stream),
        user=user,
        session=session(user),
        dropped=dropped,
        extras=_extras(members),
    )


def _sampling(asked: wire.Request) -> Sampling:
    return Sampling(asked.max_tokens, asked.temperature, asked.top_p, asked.top_k, asked.stop_sequences or [])


def _tools(tools: list[wire.Tool], dropped: Dropped) -> list[Tool]:
    kept = []
    for i, tool in enumerate(tools):
        if tool.type not in (None, "custom"):
            # Anthropic's servers would run it; nobody behind the gateway can.
            dropped.append(f"tools[{i}]")
            continue
        if not tool.name:
            raise InvalidRequest(f"tools[{i}].name: a name is required", param=f"tools[{i}].name")
        if tool.strict or tool.input_examples or tool.allowed_callers:
            dropped += [f"tools[{i}].{member}" for member in ("strict", "input_examples", "allowed_callers") if getattr(tool, member)]
        kept.append(Tool(tool.name, tool.description or "", _schema(tool.input_schema, i)))
    return kept


def _schema(raw: jsontext.Raw, i: int) -> bytes:
    """The schema's own text, b"" when there is none."""
    text = _text(raw)
    if text in (b"", b"null"):
        return b""
    if not text.startswith(b"{"):
        raise InvalidRequest(f"tools[{i}].input_schema: must be an object", param=f"tools[{i}].input_schema")
    return text


def _tool_choice(choice: wire.ToolChoice | None, asked: list[wire.Tool], kept: list[Tool], dropped: Dropped) -> ToolChoice:
    if choice is None:
        return ToolChoice()
    parallel = not choice.disable_parallel_tool_use
    if choice.type == "tool":
        if not choice.name or choice.name not in {tool.name for tool in asked}:
            raise InvalidRequest(f"tool_choice.name: there is no tool {choice.name or ''!r} among the tools", param="tool_choice.name")
        if choice.name in {tool.name for tool in kept}:
            return ToolChoice("named", choice.name, parallel)
        dropped.append("tool_choice")
        return ToolChoice("auto", "", parallel)
    if choice.type == "any" and not kept:
        dropped.append("tool_choice")
        return ToolChoice("auto", "", parallel)
    return ToolChoice("required" if choice.type == "any" else choice.type, "", parallel)


def _thinking(asked: wire.Request, dropped: Dropped) -> Thinking | None:
    """What is asked of the reasoning. An effort alone is kept with thinking off, which is what its absence means."""
    effort = (asked.output_config and asked.output_config.effort) or ""
    if effort and effort not in EFFORTS:
        dropped.append("output_config.effort")
        effort = ""
    if asked.thinking is None:
        return Thinking("disabled", effort=effort) if effort else None
    display = DISPLAYS.get(asked.thinking.display or "")
    if display is None:
        dropped.append("thinking.display")
    return Thinking(asked.thinking.type, asked.thinking.budget_tokens, effort, display or "")


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
        text = _text(raw)
        if text != b"null" and not (name in PARTLY_SEATED and _within(text, PARTLY_SEATED[name])):
            extras[name] = text
    return extras


def _within(text: bytes, known: str) -> bool:
    """Whether the object `text` says nothing but `known`."""
    return all(name == known or bytes(raw) == b"null" for name, raw in _decode_members(text).items())


def _text(raw: jsontext.Raw) -> bytes:
    """Passed-through JSON. The codec has checked all of it but the encoding. Raises UnicodeDecodeError."""
    text = bytes(raw)
    if not text.isascii():
        text.decode()
    return text


_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_SESSION = re.compile(r"session_([0-9a-fA-F-]{36})")
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})

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
        "cache_control",
    }
)

# Members of which a Call keeps one member.
PARTLY_SEATED = {"metadata": "user_id", "output_config": "effort"}
