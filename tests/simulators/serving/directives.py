"""What a user's text tells the simulator to do: `[[sim:NAME {...}]]`, `[[call:TOOL {...}]]`, `[[say:words]]`."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.serving.summarising import summary


class BadDirective(ValueError):
    """A directive that cannot be read, or a script that is not known."""


@dataclass(slots=True)
class Directives:
    """`script` is "" when none is named. `rest` is the text without the directives."""

    script: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    rest: str = ""


def parse(text: str) -> Directives:
    """Raises BadDirective. JSON may hold `]]` itself, so it is read as JSON and not searched for its end. What is to be
    summarised directs nothing.
    """
    if (words := summary(text)) is not None:
        return Directives("text", {"text": words}, rest=text)
    found = Directives()
    rest = []
    at = 0
    while start := OPENING.search(text, at):
        rest.append(text[at : start.start()])
        kind = start.group(1)
        at = _words(text, start.end(), found) if kind == "say" else _command(text, start.end(), kind, found)
    found.rest = ("".join(rest) + text[at:]).strip()
    return found


def _words(text: str, at: int, found: Directives) -> int:
    end = text.find("]]", at)
    if end < 0:
        raise BadDirective("say has no end")
    found.options["text"] = text[at:end]
    return end + 2


def _command(text: str, at: int, kind: str, found: Directives) -> int:
    """Reads a name and perhaps a JSON object; answers where the directive ends."""
    name = NAME.match(text, at)
    if not name:
        raise BadDirective(f"{kind} names nothing")
    at = name.end()
    value: Any = {}
    if not text.startswith("]]", at):
        try:
            value, at = DECODER.raw_decode(text, at)
        except ValueError as error:
            raise BadDirective(f"{kind}:{name.group(1)} is followed by no JSON") from error
    if not isinstance(value, dict) or not text.startswith("]]", at):
        raise BadDirective(f"{kind}:{name.group(1)} takes one JSON object")
    if kind == "sim":
        found.script = name.group(1)
        found.options.update(value)
    else:
        found.calls.append((name.group(1), value))
    return at + 2


OPENING = re.compile(r"\[\[(sim|call|say):")
NAME = re.compile(r"([^\s\]{]+)\s*")
DECODER = json.JSONDecoder()
