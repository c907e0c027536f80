"""What scripts are put together from: text, thoughts and calls in pieces, with pauses between."""

import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from tests.simulators.serving.parts import Ask, Call, Done, Hide, Input, Part, Parts, Say, Think, Wait
from tests.simulators.serving.speech import speech

PIECE = 24
PIECE_OF_INPUT = 16
THOUGHT = "The user wants an answer. Looking at what was asked, a short one will do."


def said(ask: Ask, words: str) -> list[Part]:
    """Text in pieces of the wished length."""
    piece = int(ask.option("piece", PIECE))
    return [Say(words[at : at + piece]) for at in range(0, len(words), piece)]


def thought(text: str) -> list[Part]:
    return [Think(text[at : at + PIECE]) for at in range(0, len(text), PIECE)]


def call(ask: Ask, index: int, name: str, value: dict[str, Any], *, piece: int = PIECE_OF_INPUT) -> list[Part]:
    """A whole call: start, fragments of its JSON, end."""
    text = json.dumps(value, ensure_ascii=False)
    fragments = [Input(index, text[at : at + piece]) for at in range(0, len(text), piece)]
    return [Call(index, ask.call_id(index), name), *fragments, Done(index)]


def paced(ask: Ask, parts: Iterable[Part]) -> Parts:
    """With the wished pause after each part."""
    pause = float(ask.option("pause", ask.pause))
    for part in parts:
        yield part
        if pause:
            yield Wait(pause)


def thinking(ask: Ask) -> list[Part]:
    if ask.thinking == "omitted":
        return [Hide(redacted=False)]
    return thought(ask.option("thought", THOUGHT)) if ask.thinking else []


def then(ask: Ask, *ends: Part) -> Parts:
    """The first pieces of the text, then `ends`. With none, the first of `ends` is the very first."""
    yield from first(ask) if int(ask.option("after", 0)) else ()
    yield from ends


def first(ask: Ask) -> Parts:
    words, _ = speech(ask)
    yield from paced(ask, islice(said(ask, words), int(ask.option("after", 2))))
