"""Answers by name. A script takes the text to say and its options, and gives the steps of the body."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulators.kimi_web.pages import challenge
from tests.simulators.serving.steps import Break, Pause, Send, Steps

Options = Mapping[str, Any]
Script = Callable[[str, Options], Steps]

MANY_SCRIPTS = 'Grüße, 世界! Кратко: 🙂 é ñ 漢字 {"a": "}\\\\"} — done.'


def text(words: str, options: Options) -> Steps:
    """The message at once, after `pause` seconds."""
    yield from _waited(options)
    yield Send(answer(words))


def pieces(words: str, options: Options) -> Steps:
    """In chunks of `piece` (1) bytes."""
    size = int(options.get("piece", 1))
    body = answer(words)
    for at in range(0, len(body), size):
        yield Send(body[at : at + size])


def utf8(_: str, options: Options) -> Steps:
    """Characters outside ASCII, unescaped, in chunks of `piece` (1) bytes."""
    return pieces(MANY_SCRIPTS, options)


def mark(words: str, _: Options) -> Steps:
    """A byte order mark and blank lines in front."""
    yield Send(b"\xef\xbb\xbf\r\n\r\n" + answer(words) + b"\n")


def escapes(words: str, _: Options) -> Steps:
    """The message in escapes throughout, ending with half a surrogate pair."""
    inner = "".join(f"\\u{ord(character):04x}" for character in words)
    yield Send(f'{{"success":true,"data":{{"message":"{inner}\\ud83d"}}}}'.encode())


def huge(_: str, options: Options) -> Steps:
    """A message of `bytes` (1 MiB)."""
    yield Send(answer("x" * int(options.get("bytes", 1 << 20))))


def lingering(words: str, options: Options) -> Steps:
    """The whole message, and then the connection stays open for `seconds` (60)."""
    yield Send(answer(words))
    yield Pause(float(options.get("seconds", 60)))


def stall(words: str, options: Options) -> Steps:
    """Silence of `seconds` (60) after half of the body; with `headers` false before everything."""
    body = answer(words)
    silence = Pause(float(options.get("seconds", 60)), early=not options.get("headers", True))
    if silence.early:
        yield silence
    yield Send(body[: len(body) // 2])
    if not silence.early:
        yield silence
    yield Send(body[len(body) // 2 :])


def failure(words: str, options: Options) -> Steps:
    """`success` false with the option `data`, else with the text."""
    yield Send(json.dumps({"success": False, "data": options.get("data", words)}).encode())


def body(_: str, options: Options) -> Steps:
    """Exactly the option `body`."""
    yield Send(str(options.get("body", "")).encode())


def empty(_words: str, _: Options) -> Steps:
    """No byte."""
    return iter(())


def blank(_words: str, _: Options) -> Steps:
    """A message without words."""
    yield Send(answer(" \n"))


def page(_words: str, _: Options) -> Steps:
    """A page that has nothing to do with the question, with status 200."""
    yield Send(b"<!DOCTYPE html><html><body>Briefly unavailable for scheduled maintenance.</body></html>")


def challenged(_words: str, _: Options) -> Steps:
    """A page that wants to see a person, with status 200."""
    yield Send(challenge().encode())


def half(words: str, _: Options) -> Steps:
    """The body ends regularly in the middle of its JSON."""
    yield Send(answer(words)[:-4])


def drop(words: str, _: Options) -> Steps:
    """The connection is closed in the middle of the body."""
    yield Send(answer(words)[:-4])
    yield Break("close")


def reset(_words: str, _: Options) -> Steps:
    """The connection is reset before any header of the answer."""
    yield Break("reset")


def endless(_words: str, options: Options) -> Steps:
    """A message that goes on for as long as somebody reads; `pause` (0.01) seconds between its pieces."""
    yield Send(b'{"success":true,"data":{"message":"')
    while True:
        yield Send(b"and on and on ")
        yield Pause(float(options.get("pause", 0.01)))


def answer(words: str) -> bytes:
    return json.dumps({"success": True, "data": {"message": words}}, ensure_ascii=False).encode()


def _waited(options: Options) -> Steps:
    if seconds := float(options.get("pause", 0)):
        yield Pause(seconds, early=True)


SCRIPTS: dict[str, Script] = {
    "text": text,
    "pieces": pieces,
    "utf8": utf8,
    "mark": mark,
    "escapes": escapes,
    "huge": huge,
    "lingering": lingering,
    "stall": stall,
    "failure": failure,
    "body": body,
    "empty": empty,
    "blank": blank,
    "page": page,
    "challenge": challenged,
    "half": half,
    "drop": drop,
    "reset": reset,
    "endless": endless,
}
