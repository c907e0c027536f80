"""Turns as the text that the model which summarises reads.

Every word of them stands there, but the middle of what is very long. Thoughts of the model are left out: they were for one answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from summarizer.shortening.conversation import Call, Opaque, Part, Result, Text, Turn
from summarizer.shortening.framing import clipped, guarded, name

# What surrounds a turn, and a part of one, in characters.
TURN_CHARACTERS, PART_CHARACTERS = 32, 40
# Kinds of parts that nobody has to know were there.
SILENT = frozenset({"reasoning"})
# Names of tools by the ids of their calls.
Names = dict[str, str]


def written(turns: Sequence[Turn], characters: int) -> str:
    """The transcript. A turn takes about `characters` at most, one part of it half of them."""
    names: Names = {}
    return "\n".join(_turn(turn, names, characters) for turn in turns)


def _turn(turn: Turn, names: Names, characters: int) -> str:
    told = (WORDS[type(part)](part, names, characters // 2) for part in turn.parts)
    words = clipped("\n".join(filter(None, told)), characters)
    return f'<turn role="{turn.role}">\n{words}\n</turn>'


def length(turn: Turn, characters: int) -> int:
    """About how many characters of a transcript a turn takes."""
    return TURN_CHARACTERS + min(characters, sum(min(size(part), characters // 2) + PART_CHARACTERS for part in turn.parts))


def size(part: Part) -> int:
    if isinstance(part, Text | Result):
        return len(part.text)
    return len(part.arguments) if isinstance(part, Call) else 0


def _text(part: Text, _: Names, most: int) -> str:
    return guarded(clipped(part.text, most))


def _call(part: Call, names: Names, most: int) -> str:
    names[part.id] = name(part.name)
    return f'<call tool="{names[part.id]}">{guarded(clipped(part.arguments, most))}</call>'


def _result(part: Result, names: Names, most: int) -> str:
    tool, failed = names.get(part.call_id, "unknown"), ' failed="yes"' if part.is_error else ""
    told = "\n".join(filter(None, (guarded(clipped(part.text, most)), *map(unseen, part.opaque))))
    return f'<result tool="{tool}"{failed}>{told}</result>'


def _opaque(part: Opaque, _: Names, __: int) -> str:
    return unseen(part.kind)


def unseen(kind: str) -> str:
    return "" if kind in SILENT else f"[{name(kind)} that is not shown here]"


WORDS: Mapping[type, Callable[[Any, Names, int], str]] = {Text: _text, Call: _call, Result: _result, Opaque: _opaque}
