"""Scripts that fail: cut, corrupt, and reported failures inside a stream that began with status 200.

All know the option `after`: how many pieces of the text come first.
"""

import struct
from collections.abc import Callable
from itertools import islice
from typing import Any
from zlib import crc32

from tests.simulators.kiro import frames
from tests.simulators.kiro.answers import Ask, opening, paced, said, tail, text, tool_use
from tests.simulators.kiro.speech import calls, speech
from tests.simulators.serving.steps import Break, Send, Steps


def no_tail(ask: Ask) -> Steps:
    """Text that just stops: a clean end of the body, but none of the tail events."""
    words, _ = speech(ask)
    return paced(ask, [opening(ask), *said(ask, words)])


def unstopped(ask: Ask) -> Steps:
    """A call whose input is whole but whose stop never comes, nor a tail."""
    return paced(ask, [opening(ask), *_call(ask)[:-1]])


def cut_input(ask: Ask) -> Steps:
    """A call that stops in the middle of its JSON."""
    start, *fragments, stop = _call(ask)
    return paced(ask, [opening(ask), start, *fragments[: len(fragments) // 2 or 1], stop, *tail(ask, 0, "TOOL_USE")])


def throttled(ask: Ask) -> Steps:
    """ThrottlingException."""
    return _exception(ask, "ThrottlingException", {"message": "Too many requests", "reason": ask.option("reason", None)})


def too_long(ask: Ask) -> Steps:
    """ContentLengthExceededException."""
    return _exception(ask, "ContentLengthExceededException", {"message": "Input is too long."})


def internal(ask: Ask) -> Steps:
    """The one exception that is modelled: named `error`, with an InternalServerException's payload."""
    return _exception(
        ask,
        "error",
        {
            "message": "Encountered unexpectedly high load when processing the request, please try again.",
            "reason": ask.option("reason", "MODEL_TEMPORARILY_UNAVAILABLE"),
        },
    )


def exception(ask: Ask) -> Steps:
    """Any exception. Options `type`, `message`, `reason`."""
    payload = {"message": ask.option("message", "Something went wrong"), "reason": ask.option("reason", None)}
    return _exception(ask, ask.option("type", "InternalServerException"), payload)


def error_frame(ask: Ask) -> Steps:
    """The payload-less error. Options `code`, `message`."""
    return _then(ask, frames.error(ask.option("code", "InternalFailure"), ask.option("message", "The request has failed")))


def half_frame(ask: Ask) -> Steps:
    """The body ends cleanly in the middle of a frame."""
    return _then(ask, text("never to be read in full", ask)[:-9])


def bad_prelude(ask: Ask) -> Steps:
    """A frame whose lengths do not match their CRC, then more good text."""
    frame = bytearray(text("corrupt", ask))
    frame[8] ^= 0xFF
    return _then(ask, bytes(frame) + text("not to be trusted", ask))


def bad_crc(ask: Ask) -> Steps:
    """A frame with one changed byte in its payload, then more good text."""
    frame = bytearray(text("corrupt", ask))
    frame[-7] ^= 0x01
    return _then(ask, bytes(frame) + text("not to be trusted", ask))


def oversize(ask: Ask) -> Steps:
    """A frame that announces `bytes` (32 MiB), above what the format allows, with a good prelude CRC."""
    prelude = struct.pack(">II", int(ask.option("bytes", 32 << 20)), 0)
    return _then(ask, prelude + struct.pack(">I", crc32(prelude)) + bytes(64))


def reset_early(_: Ask) -> Steps:
    """The connection is reset before any header of the answer."""
    yield Break("reset")


def reset(ask: Ask) -> Steps:
    """The connection is reset in the middle of the body."""
    yield from _first(ask)
    yield Break("reset")


def drop(ask: Ask) -> Steps:
    """The connection is closed on a frame's edge, without the chunk that ends the body."""
    yield from _first(ask)
    yield Break("close")


def _call(ask: Ask) -> list[bytes]:
    name, value = calls(ask)[0]
    return tool_use(ask.tool_use_id(0), name, frames.compact(value).decode(), piece=4)


def _exception(ask: Ask, name: str, payload: dict[str, Any]) -> Steps:
    return _then(ask, frames.exception(name, {key: value for key, value in payload.items() if value is not None}))


def _then(ask: Ask, data: bytes) -> Steps:
    """The first pieces of the text, then `data` as the end of the body. With none, `data` is the very first."""
    yield from _first(ask) if int(ask.option("after", 0)) else ()
    yield Send(data)


def _first(ask: Ask) -> Steps:
    words, _ = speech(ask)
    yield Send(opening(ask))
    yield from paced(ask, islice(said(ask, words), int(ask.option("after", 2))))


BROKEN: dict[str, Callable[[Ask], Steps]] = {
    "no-tail": no_tail,
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
    "reset-early": reset_early,
    "reset": reset,
    "drop": drop,
}
