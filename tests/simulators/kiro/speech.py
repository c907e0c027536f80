"""What the simulator says: deterministic words made from the request."""

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Any

from tests.simulators.kiro.answers import CHARS_PER_TOKEN, Ask

QUOTED = 200  # characters of a user's text or a tool result that are quoted
DEFAULT_INPUT = {"city": "Paris"}


def speech(ask: Ask) -> tuple[str, str]:
    """The words and why they end: a `max_tokens` that is too small for them cuts them."""
    words = _words(ask)
    if ask.max_tokens and len(words) > ask.max_tokens * CHARS_PER_TOKEN:
        return words[: ask.max_tokens * CHARS_PER_TOKEN], "MAX_TOKENS"
    return words, "END_TURN"


def calls(ask: Ask) -> list[tuple[str, dict[str, Any]]]:
    """The calls asked for, with `#N` read as the N-th declared tool; one call of the first tool when none were."""
    wanted: Sequence[tuple[str, dict[str, Any]]] = ask.option("calls", [])
    if not wanted:
        return [(ask.tools[0] if ask.tools else "get_weather", DEFAULT_INPUT)]
    return [(_tool(ask, name), value) for name, value in wanted]


def _tool(ask: Ask, name: str) -> str:
    if name.startswith("#") and name[1:].isdigit() and int(name[1:]) < len(ask.tools):
        return ask.tools[int(name[1:])]
    return name


def _words(ask: Ask) -> str:
    if "words" in ask.options:
        return " ".join(islice(cycle(VOCABULARY), int(ask.options["words"])))
    if "text" in ask.options:
        return str(ask.options["text"])
    if ask.results:
        return f"The tools returned {'; '.join(_quote(result) for result in ask.results)}. That answers the question."
    paragraph = ask.text.strip().rsplit("\n\n", 1)[-1]
    return (
        f"You wrote {_quote(paragraph)}. This is the Kiro simulator speaking as {ask.model.name}. "
        f"I received about {ask.input_tokens} tokens and {len(ask.tools)} tools, and nothing in the request was wrong. "
        "These sentences come in small pieces, just as a model's answer would."
    )


def _quote(text: str) -> str:
    return f'"{text[-QUOTED:]}"' if len(text) <= QUOTED else f'"…{text[-QUOTED:]}"'


VOCABULARY = "the quick gateway forwards every small piece of an answer as soon as it has come in from upstream".split()  # noqa: SIM905 - a sentence
