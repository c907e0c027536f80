"""Scripts that answer well, if sometimes in odd ways. A script takes what was asked and gives the steps of the body."""

import json
from collections.abc import Callable, Iterator
from itertools import chain, zip_longest
from typing import Any

from tests.simulators.kiro import frames
from tests.simulators.kiro.answers import (
    Ask,
    opening,
    paced,
    reasoning,
    said,
    tail,
    text,
    tool_event,
    tool_use,
)
from tests.simulators.kiro.broken import BROKEN
from tests.simulators.kiro.speech import calls, speech
from tests.simulators.serving.steps import Pause, Send, Steps

Script = Callable[[Ask], Steps]

THOUGHT = "The user wants an answer. Looking at what was asked, a short one will do."
MANY_SCRIPTS = "Grüße, 世界! Кратко: 🙂 é ñ 漢字 — done."


def plain(ask: Ask) -> Steps:
    """Text in small pieces, after thoughts when the request switched them on, and a tail."""
    return paced(ask, _whole(ask))


def utf8(ask: Ask) -> Steps:
    """Characters outside ASCII, with every chunk ending in the middle of one."""
    words = ask.option("text", MANY_SCRIPTS)
    body = b"".join([opening(ask), *said(ask, words), *tail(ask, len(words))])
    # 10xxxxxx continues a character, so a chunk may not start there unless it cuts one in two.
    cuts = [at for at in range(1, len(body)) if body[at] & 0xC0 == 0x80 and _inside_text(body, at)]
    return _chunks(body, cuts)


def bytewise(ask: Ask) -> Steps:
    """One byte a chunk."""
    words = ask.option("text", "One byte at a time: é.")
    body = b"".join([opening(ask), *said(ask, words), *tail(ask, len(words))])
    return _chunks(body, list(range(1, len(body))))


def thoughts(ask: Ask) -> Steps:
    """Reasoning with its signature, then text. Option `thought`."""
    words, reason = speech(ask)
    return paced(ask, [opening(ask), *reasoning(ask, ask.option("thought", THOUGHT)), *said(ask, words), *tail(ask, len(words), reason)])


def tags(ask: Ask) -> Steps:
    """Thinking in tags at the head of the text, as models without native reasoning write it. Options `thought`, `tag`."""
    words, reason = speech(ask)
    tag = ask.option("tag", "thinking")
    whole = f"<{tag}>\n{ask.option('thought', THOUGHT)}\n</{tag}>\n\n{words}"
    return paced(ask, [opening(ask), *said(ask, whole), *tail(ask, len(whole), reason)])


def redacted(ask: Ask) -> Steps:
    """Reasoning that only the service can read, then text."""
    words, reason = speech(ask)
    hidden = frames.event("reasoningContentEvent", {"redactedContent": ask.signer.redact()})
    return paced(ask, [opening(ask), hidden, *said(ask, words), *tail(ask, len(words), reason)])


def signature(ask: Ask) -> Steps:
    """Reasoning left out: its signature alone, then text."""
    words, reason = speech(ask)
    return paced(ask, [opening(ask), *reasoning(ask, ""), *said(ask, words), *tail(ask, len(words), reason)])


def tools(ask: Ask) -> Steps:
    """Tool calls one after the other. Options `calls` ([[name, input], ...]) and `text` before them."""
    made = [tool_use(ask.tool_use_id(index), name, _dump(value)) for index, (name, value) in enumerate(calls(ask))]
    words = ask.option("text", "Let me look that up.")
    before = _thinking(ask)
    return paced(ask, [opening(ask), *before, *said(ask, words), *chain.from_iterable(made), *tail(ask, len(words), "TOOL_USE")])


def interleaved(ask: Ask) -> Steps:
    """At least two calls whose fragments alternate."""
    wanted = calls(ask)
    wanted = wanted if len(wanted) > 1 else wanted * 2
    made = [tool_use(ask.tool_use_id(index), name, _dump(value), piece=4) for index, (name, value) in enumerate(wanted)]
    mixed = [event for row in zip_longest(*made) for event in row if event is not None]
    return paced(ask, [opening(ask), *mixed, *tail(ask, 0, "TOOL_USE")])


def object_input(ask: Ask) -> Steps:
    """The input as one JSON object instead of fragments, after a start that carries an empty one."""
    name, value = calls(ask)[0]
    identity = ask.tool_use_id(0)
    made = [tool_event(identity, name, input={}), tool_event(identity, name, input=value), tool_event(identity, name, stop=True)]
    return paced(ask, [opening(ask), *made, *tail(ask, 0, "TOOL_USE")])


def zero_arg(ask: Ask) -> Steps:
    """A call without any input."""
    name, _ = calls(ask)[0]
    identity = ask.tool_use_id(0)
    return paced(ask, [opening(ask), tool_event(identity, name), tool_event(identity, name, stop=True), *tail(ask, 0, "TOOL_USE")])


def name_once(ask: Ask) -> Steps:
    """Only the first frame of the call names the tool."""
    name, value = calls(ask)[0]
    identity = ask.tool_use_id(0)
    later = [frames.event("toolUseEvent", {"toolUseId": identity, **part}) for part in ({"input": _dump(value)}, {"stop": True})]
    return paced(ask, [opening(ask), tool_event(identity, name), *later, *tail(ask, 0, "TOOL_USE")])


def duplicates(ask: Ask) -> Steps:
    """Every frame of the text comes twice, byte for byte."""
    words, reason = speech(ask)
    twice = [event for event in said(ask, words) for _ in range(2)]
    return paced(ask, [opening(ask), *twice, *tail(ask, len(words), reason)])


def repeated_call(ask: Ask) -> Steps:
    """A finished call comes once more with the same id."""
    name, value = calls(ask)[0]
    return paced(ask, [opening(ask), *(tool_use(ask.tool_use_id(0), name, _dump(value)) * 2), *tail(ask, 0, "TOOL_USE")])


def wrapped(ask: Ask) -> Steps:
    """Payloads inside an object keyed by the event's name."""
    words, reason = speech(ask)
    inside = frames.event("assistantResponseEvent", {"assistantResponseEvent": {"content": words}})
    return paced(ask, [opening(ask), inside, *tail(ask, len(words), reason)])


def unknown(ask: Ask) -> Steps:
    """Events that are no content, and one that nobody has heard of, between the pieces of the text."""
    words, reason = speech(ask)
    strange = [frames.event(name, payload) for name, payload in OTHER_EVENTS]
    events = [event for pair in zip_longest(said(ask, words), strange) for event in pair if event is not None]
    return paced(ask, [opening(ask), *events, *tail(ask, len(words), reason)])


def huge(ask: Ask) -> Steps:
    """One frame with `bytes` of text (1 MiB)."""
    length = int(ask.option("bytes", 1 << 20))
    return paced(ask, [opening(ask), text("x" * length, ask), *tail(ask, length)])


def empty(ask: Ask) -> Steps:
    """No content at all; without `tail` set to true not even a tail."""
    return paced(ask, tail(ask, 0) if ask.option("tail", False) else [])


def events(ask: Ask) -> Steps:
    """Exactly the option `events`: [[name, payload], ...], then the tail."""
    return paced(ask, [*(frames.event(name, payload) for name, payload in ask.option("events", [])), *tail(ask, 0)])


def stall(ask: Ask) -> Steps:
    """Silence of `seconds` (60) after `after` pieces of the text (0: before the first event).

    With `headers` false, silence from the beginning withholds the status as well.
    """
    after, seconds = int(ask.option("after", 0)), float(ask.option("seconds", 60))
    for index, data in enumerate(_whole(ask)):
        # The opening event stands before the first piece.
        if index == (after + 1 if after else 0):
            yield Pause(seconds, early=not ask.option("headers", True))
        yield Send(data)


def endless(ask: Ask) -> Steps:
    """Text for as long as the client reads. `pause` (0.01) seconds between events, 0 for as fast as it can."""
    pause = float(ask.option("pause", 0.01))
    words = text("and on and on " * int(ask.option("repeat", 2)), ask)
    yield Send(opening(ask))
    while True:
        yield Send(words)
        if pause:
            yield Pause(pause)


def _whole(ask: Ask) -> Iterator[bytes]:
    words, reason = speech(ask)
    late = ask.model.provider == "OPENAI"  # these models report their reasoning last
    yield opening(ask)
    yield from () if late else _thinking(ask)
    yield from said(ask, words)
    yield from _thinking(ask) if late else ()
    yield from tail(ask, len(words), reason)


def _thinking(ask: Ask) -> list[bytes]:
    return reasoning(ask, THOUGHT if ask.thinking == "summarized" else "") if ask.thinking else []


def _inside_text(body: bytes, at: int) -> bool:
    """Whether the byte continues a character rather than being a CRC or length that happens to look so."""
    return body[at - 1] >= 0xC0 and _decodes(body, at - 1)


def _decodes(body: bytes, at: int) -> bool:
    width = 2 if body[at] < 0xE0 else 3 if body[at] < 0xF0 else 4
    try:
        return bool(body[at : at + width].decode())
    except UnicodeDecodeError:
        return False


def _chunks(body: bytes, cuts: list[int]) -> Steps:
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        yield Send(body[start:end])


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


OTHER_EVENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("followupPromptEvent", {"followupPrompt": {"content": "This is no content.", "userIntent": "SHOW_EXAMPLES"}}),
    ("supplementaryWebLinksEvent", {"supplementaryWebLinks": [{"url": "http://127.0.0.1/", "title": "A page"}]}),
    ("codeReferenceEvent", {"references": [{"licenseName": "MIT", "repository": "r", "url": "http://127.0.0.1/"}]}),
    ("citationEvent", {"target": {"location": 1}, "citationLink": "http://127.0.0.1/"}),
    ("intentsEvent", {"intents": {}}),
    ("somethingNewEvent", {"content": "This is no content either.", "deep": {"er": [1, None]}}),
)

SCRIPTS: dict[str, Script] = {
    "text": plain,
    "utf8": utf8,
    "bytes": bytewise,
    "reasoning": thoughts,
    "redacted": redacted,
    "tags": tags,
    "signature": signature,
    "tools": tools,
    "interleaved": interleaved,
    "object-input": object_input,
    "zero-arg": zero_arg,
    "name-once": name_once,
    "duplicates": duplicates,
    "repeated-call": repeated_call,
    "wrapped": wrapped,
    "unknown": unknown,
    "huge": huge,
    "empty": empty,
    "events": events,
    "stall": stall,
    "endless": endless,
    **BROKEN,
}
