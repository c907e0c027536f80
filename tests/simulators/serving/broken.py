"""Scripts that fail: cut, nonsense, and failures told inside a stream that began with status 200.

All know the option `after`: how many pieces of the text come first.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.simulators.serving.parts import Ask, Cut, End, Half, Part, Parts, Raw, Report, Say
from tests.simulators.serving.pieces import call, first, paced, said, then
from tests.simulators.serving.speech import calls, speech


def no_tail(ask: Ask) -> Parts:
    """Text that just stops: a clean end of the body, but no reason and no terminator."""
    return paced(ask, said(ask, speech(ask)[0]))


def no_terminator(ask: Ask) -> Parts:
    """Everything but the very last event."""
    words, end = speech(ask)
    return paced(ask, [*said(ask, words), replace(end, mute=True)])


def unstopped(ask: Ask) -> Parts:
    """A call whose input is whole but whose end never comes, nor the answer's."""
    return paced(ask, _call(ask)[:-1])


def cut_input(ask: Ask) -> Parts:
    """A call that stops in the middle of its JSON, and an answer that ends as if nothing were wrong."""
    start, *fragments, stop = _call(ask)
    return paced(ask, [start, *fragments[: len(fragments) // 2 or 1], stop, End("tools")])


def throttled(ask: Ask) -> Parts:
    """Too many requests, told inside the stream."""
    return then(ask, Report("throttled", ask.option("message", None)))


def too_long(ask: Ask) -> Parts:
    """The conversation is too long, told inside the stream."""
    return then(ask, Report("too-long", ask.option("message", None)))


def internal(ask: Ask) -> Parts:
    """Overload, told inside the stream."""
    return then(ask, Report("overloaded", ask.option("message", None)))


def exception(ask: Ask) -> Parts:
    """Any error, told inside the stream. Options `type`, `message`."""
    return then(ask, Report("other", ask.option("message", "Something went wrong"), ask.option("type", None)))


def error_frame(ask: Ask) -> Parts:
    """An error without any of the members that explain one."""
    return then(ask, Report("bare", ask.option("message", "The request has failed")))


def half_frame(ask: Ask) -> Parts:
    """The body ends cleanly in the middle of an event."""
    return then(ask, Half("never to be read in full"))


def bad_prelude(ask: Ask) -> Parts:
    """Bytes that are neither text nor an event, then more good text."""
    return then(ask, Raw(b"\x00\xff\xfe{{{ not an event\n\n"), Say("not to be trusted"), End())


def bad_crc(ask: Ask) -> Parts:
    """An event whose JSON is broken, then more good text."""
    return then(ask, Raw(b'event: content_block_delta\ndata: {"delta"::,\n\n'), Say("not to be trusted"), End())


def oversize(ask: Ask) -> Parts:
    """A line of `bytes` (32 MiB) that does not end."""
    left = int(ask.option("bytes", 32 << 20))
    yield from first(ask) if int(ask.option("after", 0)) else ()
    yield Raw(b"data: ")
    while left > 0:
        yield Raw(b"x" * min(left, 1 << 20))
        left -= 1 << 20


def html(ask: Ask) -> Parts:
    """Status 200 and a page, as a proxy in front of a dead service answers."""
    return iter([Raw(b"<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>")])


def reset_early(_: Ask) -> Parts:
    """The connection is reset before any header of the answer."""
    yield Cut("reset")


def reset(ask: Ask) -> Parts:
    """The connection is reset in the middle of the body."""
    yield from first(ask)
    yield Cut("reset")


def drop(ask: Ask) -> Parts:
    """The connection is closed after an event, without the chunk that ends the body."""
    yield from first(ask)
    yield Cut("close")


def _call(ask: Ask) -> list[Part]:
    name, value = calls(ask)[0]
    return call(ask, 0, name, value, piece=4)


BROKEN: dict[str, Callable[[Ask], Parts]] = {
    "no-tail": no_tail,
    "no-terminator": no_terminator,
    "unstopped": unstopped,
    "cut-input": cut_input,
    "throttled": throttled,
    "too-long": too_long,
    "internal": internal,
    "exception": exception,
    "error-frame": error_frame,
    "half-frame": half_frame,
    "bad-prelude": bad_prelude,
    "bad-crc": bad_crc,
    "oversize": oversize,
    "html": html,
    "reset-early": reset_early,
    "reset": reset,
    "drop": drop,
}
