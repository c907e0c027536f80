"""What a simulator says: deterministic words made from the request."""

import json
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from tests.simulators.serving.parts import CHARS_PER_TOKEN, Ask, End

QUOTED = 200  # characters of a user's text or a tool result that are quoted
DEFAULT_INPUT = {"city": "Paris"}


def speech(ask: Ask) -> tuple[str, End]:
    """The words and why they end: at a stop sequence, or where a limit is too small for them."""
    words = _words(ask)
    met = [(words.index(stop), stop) for stop in ask.stops if stop in words]
    if met:
        at, stop = min(met)
        return words[:at], End("stop", stopped=stop)
    if ask.max_tokens is not None and len(words) > ask.max_tokens * CHARS_PER_TOKEN:
        return words[: ask.max_tokens * CHARS_PER_TOKEN], End("length")
    return words, End(ask.option("reason", "end"))


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
    if ask.schema is not None:
        return json.dumps(sample(ask.schema), ensure_ascii=False)
    if ask.results:
        return f"The tools returned {'; '.join(_quote(result) for result in ask.results)}. That answers the question."
    paragraph = ask.text.strip().rsplit("\n\n", 1)[-1]
    return (
        f"You wrote {_quote(paragraph)}. This is the {ask.voice} simulator speaking as {ask.model}. "
        f"I received about {ask.input_tokens} tokens and {len(ask.tools)} tools, and nothing in the request was wrong. "
        "These sentences come in small pieces, just as a model's answer would."
    )


def sample(schema: Mapping[str, Any]) -> Any:
    """A value that a JSON schema of the plain kind accepts: its first choice, its required members, one of a list."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return sample(choices[0])
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(properties[name]) for name in properties if name in schema.get("required", properties)}
    if kind == "array":
        return [sample(schema.get("items", {}))]
    return SAMPLES[kind]


def _quote(text: str) -> str:
    return f'"{text[-QUOTED:]}"' if len(text) <= QUOTED else f'"…{text[-QUOTED:]}"'


VOCABULARY = "the quick gateway forwards every small piece of an answer as soon as it has come in from upstream".split()  # noqa: SIM905 - a sentence
SAMPLES: dict[str, Any] = {"string": "word", "integer": 7, "number": 7.5, "boolean": True, "null": None}
