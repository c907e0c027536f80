"""A call as the one JSON body that Kiro takes.

It is built from an allow-list of members (E01, E02, E03, E13), leaves out what is empty (E14) and
depends on nothing but the call, the lease and the stamp, so that equal prefixes stay equal bytes and
the provider's prompt cache can serve them. Before it goes out it is read again by `check`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec

from dataplane.conversation.model import Call, Image, Reasoning, Stamp, Text
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import hosts, surrogates
from dataplane.upstreams.kiro.asking import check, images, instructions, reasoning, tools
from dataplane.upstreams.kiro.asking.entries import Assistant, Entry, Result, User, blank
from dataplane.upstreams.kiro.asking.history import shaped
from dataplane.upstreams.kiro.asking.names import Names, names
from dataplane.upstreams.kiro.hosts import Host
from dataplane.wire import jsontext

ORIGIN = "AI_EDITOR"
# A command without output; an empty text is refused (T12).
NO_OUTPUT = "(no output)"
# What of the user's last words is looked at to tell them from others.
WORDS = 2000

is_arn = re.compile(r"arn:aws[a-z-]*:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9]+").fullmatch


@dataclass(slots=True, frozen=True)
class Form:
    """What a repeated attempt may change: whether earlier `signed` reasoning is sent (R01), seven-key
    schemas instead of the client's (S08), another profile than the lease's, "" for none (E04).
    """

    signed: bool = True
    conservative: bool = False
    profile_arn: str | None = None


PLAIN = Form()
# The digit of a UUID that says how it is laid out, made of any hex digit.
VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


class _Wire(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A member of the body; what is empty is left out."""


class _Source(_Wire):
    bytes: str


class _Picture(_Wire):
    format: str
    source: _Source


class _Text(_Wire):
    text: str


class _Result(_Wire):
    tool_use_id: str
    content: list[_Text]
    status: str


class _Context(_Wire):
    tool_results: list[_Result] | None = None
    tools: list[Any] | None = None


class _User(_Wire):
    content: str
    model_id: str
    origin: str
    images: list[_Picture] | None = None
    user_input_message_context: _Context | None = None


class _Use(_Wire):
    tool_use_id: str
    name: str
    input: msgspec.Raw


class _Assistant(_Wire):
    content: str
    tool_uses: list[_Use] | None = None
    reasoning_content: dict[str, Any] | None = None


class _Asked(_Wire):
    user_input_message: _User


class _Answered(_Wire):
    assistant_response_message: _Assistant


class _State(_Wire, kw_only=True):
    conversation_id: str
    chat_trigger_type: str
    agent_task_type: str
    agent_continuation_id: str
    history: list[_Asked | _Answered] = []
    current_message: _Asked


class _Body(_Wire):
    conversation_state: _State
    profile_arn: str = ""
    additional_model_request_fields: dict[str, Any] = {}


def body(call: Call, lease: Lease, stamp: Stamp, form: Form = PLAIN) -> bytes:
    """The JSON of the request, checked. Raises InvalidRequest."""
    host = hosts.of(lease)
    found = _Body(_state(call, lease, stamp, form, host), arn(lease, form), reasoning.fields(call, lease.request_fields_schema))
    try:
        data = jsontext.dumps(found)
    except UnicodeEncodeError:
        data = jsontext.dumps(_mended(found))
    check.check(data, lease, host, conservative=form.conservative or host.conservative)
    return data


def uuid(*parts: str) -> str:
    """A version 4 UUID that depends on `parts` alone (E08)."""
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{VARIANTS[digest[16]]}{digest[17:20]}-{digest[20:]}"


def arn(lease: Lease, form: Form = PLAIN) -> str:
    """The profile that is named, "" for none.

    A malformed one would make the body invalid; without it the account is at fault, as it should be (E04).
    """
    found = lease.attributes.get("profile_arn", "") if form.profile_arn is None else form.profile_arn
    return found if is_arn(found) else ""


def _state(call: Call, lease: Lease, stamp: Stamp, form: Form, host: Host) -> _State:
    known = names(call)
    entries = shaped(
        call,
        lease,
        signed=form.signed,
        opening=instructions.thinking_tags(call, lease),
        closing=[tools.overflow(call, known, host), *instructions.standing(call)],
        last=instructions.sentences(call, known),
    )
    messages = _messages(entries, lease.model, known, host)
    current = messages.pop()
    assert isinstance(current, _Asked), "the user speaks last"
    if specifications := tools.specifications(call, known, host, conservative=form.conservative):
        message = current.user_input_message
        message.user_input_message_context = message.user_input_message_context or _Context()
        message.user_input_message_context.tools = specifications
    conversation = uuid("conversation", lease.key_id, call.session or stamp.id)
    return _State(
        conversation_id=conversation,
        chat_trigger_type="MANUAL",
        agent_task_type="vibe",
        agent_continuation_id=uuid("continuation", conversation, *_last_words(call)),
        history=messages,
        current_message=current,
    )


def _last_words(call: Call) -> tuple[str, str]:
    """Place and beginning of what the user said last. It names all requests in which the model acts on it (section 4, session identity)."""
    for place in range(len(call.turns) - 1, -1, -1):
        turn = call.turns[place]
        if turn.role == "user":
            for part in turn.parts:
                if isinstance(part, Text) and not blank(part.text):
                    return str(place), part.text[:WORDS]
    return "", ""


def _messages(entries: Sequence[Entry], model: str, known: Names, host: Host) -> list[_Asked | _Answered]:
    found: list[_Asked | _Answered] = []
    seats: list[tuple[_User, list[Image]]] = []
    for entry in entries:
        if isinstance(entry, User):
            message, pictures = _user(entry, model)
            found.append(_Asked(message))
            if pictures:
                seats.append((message, pictures))
        else:
            found.append(_Answered(_assistant(entry, known, host)))
    if seats:
        _seat(seats)
    return found


def _seat(seats: Sequence[tuple[_User, list[Image]]]) -> None:
    among = sum(len(pictures) for _, pictures in seats)
    for message, pictures in seats:
        message.images = [_Picture(images.format_of(image, among), _Source(image.data)) for image in pictures]


def _user(entry: User, model: str) -> tuple[_User, list[Image]]:
    texts: list[str] = []
    results: list[_Result] = []
    pictures: list[Image] = []
    for part in entry.parts:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Result):
            results.append(_result(part))
        else:
            pictures.append(part)
    context = _Context(results) if results else None
    return _User(_text(texts), model, ORIGIN, user_input_message_context=context), pictures


def _text(texts: Sequence[str]) -> str:
    return "\n\n".join(texts)


def _result(result: Result) -> _Result:
    # Pictures have left it (I07). A note is written as the plain text it is.
    texts = [str(part) for part in result.parts] or [NO_OUTPUT]
    # The status does not reach the model, the words do (T11).
    if result.is_error and texts[0][:5].lower() != "error":
        texts = [f"Error: {texts[0]}", *texts[1:]]
    return _Result(result.id, [_Text(text) for text in texts], "error" if result.is_error else "success")


def _assistant(entry: Assistant, known: Names, host: Host) -> _Assistant:
    uses = [_Use(use.id, known.wire[use.name], tools.arguments(use.arguments)) for use in entry.uses]
    content = _text(entry.texts) or host.assistant_text
    return _Assistant(content, uses or None, _reasoning(entry.reasoning) if entry.reasoning else None)


def _reasoning(part: Reasoning) -> dict[str, Any]:
    if part.redacted:
        return {"redactedContent": part.redacted}
    return {"reasoningText": {"text": part.text, "signature": part.signature}}


def _mended(value: Any) -> Any:
    """`value` without halves of surrogate pairs (E12); the slow road, taken after the codec has refused."""
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: _mended(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return surrogates.mend(value)
