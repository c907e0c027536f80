"""What an answer may be, for every API-shaped simulator. A script takes what was asked and gives the answer's parts.

The names are those of the Kiro simulator wherever the two can do the same.
"""

from collections.abc import Callable, Iterator
from itertools import chain, zip_longest

from tests.simulators.serving.broken import BROKEN
from tests.simulators.serving.parts import Ask, Call, Decline, Done, End, Events, Hide, Part, Parts, Say, Search, Trouble, Unknown, Wait
from tests.simulators.serving.pieces import THOUGHT, call, paced, said, thinking, thought
from tests.simulators.serving.speech import calls, speech

Script = Callable[[Ask], Parts]

MANY_SCRIPTS = "Grüße, 世界! Кратко: 🙂 é ñ 漢字 — done."
REFUSAL = "I can't help with that."


def plain(ask: Ask) -> Parts:
    """Text in small pieces, after thoughts when the request switched them on."""
    return paced(ask, _whole(ask))


def utf8(ask: Ask) -> Parts:
    """Characters outside ASCII; the sender ends every chunk in the middle of one."""
    return iter([Say(ask.option("text", MANY_SCRIPTS)), End()])


def bytewise(ask: Ask) -> Parts:
    """The sender makes every byte a chunk."""
    return iter([Say(ask.option("text", "One byte at a time: é.")), End()])


def thoughts(ask: Ask) -> Parts:
    """Reasoning, then text. Option `thought`."""
    words, end = speech(ask)
    return paced(ask, [*thought(ask.option("thought", THOUGHT)), *said(ask, words), end])


def tags(ask: Ask) -> Parts:
    """Thinking in tags at the head of the text, as a server without a reasoning parser sends it. Options `thought`, `tag`."""
    words, end = speech(ask)
    tag = ask.option("tag", "think")
    return paced(ask, [*said(ask, f"<{tag}>\n{ask.option('thought', THOUGHT)}\n</{tag}>\n\n{words}"), end])


def redacted(ask: Ask) -> Parts:
    """Reasoning that only the service can read, then text."""
    words, end = speech(ask)
    return paced(ask, [Hide(redacted=True), *said(ask, words), end])


def signature(ask: Ask) -> Parts:
    """Reasoning left out, though it took place, then text."""
    words, end = speech(ask)
    return paced(ask, [Hide(redacted=False), *said(ask, words), end])


def tools(ask: Ask) -> Parts:
    """Tool calls one after the other. Options `calls` ([[name, input], ...]) and `text` before them."""
    words = ask.option("text", "Let me look that up.")
    made = [call(ask, index, name, value) for index, (name, value) in enumerate(calls(ask))]
    return paced(ask, [*thinking(ask), *said(ask, words), *chain.from_iterable(made), End("tools")])


def interleaved(ask: Ask) -> Parts:
    """At least two calls whose fragments alternate."""
    wanted = calls(ask)
    wanted = wanted if len(wanted) > 1 else wanted * 2
    made = [call(ask, index, name, value, piece=4) for index, (name, value) in enumerate(wanted)]
    mixed = [part for row in zip_longest(*made) for part in row if part is not None]
    return paced(ask, [*mixed, End("tools")])


def object_input(ask: Ask) -> Parts:
    """The input whole and at once, where fragments of its JSON would be expected."""
    name, value = calls(ask)[0]
    return paced(ask, [Call(0, ask.call_id(0), name, value), Done(0), End("tools")])


def zero_arg(ask: Ask) -> Parts:
    """A call without any input."""
    name, _ = calls(ask)[0]
    return paced(ask, [Call(0, ask.call_id(0), name), Done(0), End("tools")])


def search(ask: Ask) -> Parts:
    """The vendor's own web search, then text. Option `query`."""
    words, end = speech(ask)
    return paced(ask, [Search(ask.option("query", ask.text[-80:] or "news")), *said(ask, words), end])


def refusal(ask: Ask) -> Parts:
    """The model declines, in its vendor's way. Option `text`."""
    return paced(ask, [Decline(ask.option("text", REFUSAL)), End("refusal")])


def length(ask: Ask) -> Parts:
    """The output limit is reached after the text."""
    words, _ = speech(ask)
    return paced(ask, [*said(ask, words), End("length")])


def unknown(ask: Ask) -> Parts:
    """Things nobody has heard of, between the pieces of the text."""
    words, end = speech(ask)
    strange: list[Part] = [Unknown(number) for number in range(3)]
    mixed = [part for pair in zip_longest(said(ask, words), strange) for part in pair if part is not None]
    return paced(ask, [*mixed, end])


def huge(ask: Ask) -> Parts:
    """One event with `bytes` of text (1 MiB)."""
    return iter([Say("x" * int(ask.option("bytes", 1 << 20))), End()])


def empty(ask: Ask) -> Parts:
    """No content at all; without `tail` set to true not even an end."""
    return iter([End()] if ask.option("tail", False) else [])


def events(ask: Ask) -> Parts:
    """Exactly the option `events`, in the vendor's framing, and nothing else; `end` true adds the regular end."""
    return iter([Events(ask.option("events", [])), *([End()] if ask.option("end", False) else [])])


def stall(ask: Ask) -> Parts:
    """Silence of `seconds` (60) after `after` pieces of the text (0: before the first event).

    With `headers` false, silence from the beginning withholds the status as well.
    """
    after, seconds = int(ask.option("after", 0)), float(ask.option("seconds", 60))
    for index, part in enumerate(_whole(ask)):
        if index == after:
            yield Wait(seconds, early=not ask.option("headers", True))
        yield part


def slow(ask: Ask) -> Parts:
    """The status, too, comes only after `seconds` (2)."""
    yield Wait(float(ask.option("seconds", 2)), early=True)
    yield from plain(ask)


def endless(ask: Ask) -> Parts:
    """Text for as long as the client reads. `pause` (0.01) seconds between events, 0 for as fast as it can."""
    words = Say("and on and on " * int(ask.option("repeat", 2)))
    while True:
        yield words
        yield Wait(float(ask.option("pause", 0.01)))


def _whole(ask: Ask) -> Iterator[Part]:
    words, end = speech(ask)
    yield from thinking(ask)
    yield from said(ask, words)
    yield end


# `status` is answered by the endpoint: it is no stream. Options `status`, `reason`, `message`, `headers`, `delay`.
STATUS = "status"

# Scripts whose bytes the sender cuts into chunks that no event ends with.
CHOPPED = frozenset({"utf8", "bytes"})

SCRIPTS: dict[str, Script] = {
    "text": plain,
    "utf8": utf8,
    "bytes": bytewise,
    "reasoning": thoughts,
    "tags": tags,
    "redacted": redacted,
    "signature": signature,
    "tools": tools,
    "interleaved": interleaved,
    "object-input": object_input,
    "zero-arg": zero_arg,
    "search": search,
    "refusal": refusal,
    "length": length,
    "unknown": unknown,
    "huge": huge,
    "empty": empty,
    "events": events,
    "stall": stall,
    "slow": slow,
    "endless": endless,
    **BROKEN,
}

# Which refusal a whole answer gives where a stream would report the trouble: status and reason of the vendor's wordings.
STATUSES: dict[Trouble, tuple[int, str | None]] = {
    "throttled": (429, None),
    "too-long": (400, "context"),
    "overloaded": (503, None),
    "other": (500, None),
    "bare": (500, None),
}
