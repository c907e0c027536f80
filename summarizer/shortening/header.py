"""The rule-made part of a summary: what was wanted, decided, touched and left open, in the conversation's own words.

Results of tools are not quoted, for what stands here is read as the user's and the model's own words.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from headgate.tokens import text_tokens
from summarizer.shortening.conversation import Call, Opaque, Result, Turn
from summarizer.shortening.excerpts import decisions, intents, questions
from summarizer.shortening.files import files
from summarizer.shortening.framing import line, name
from summarizer.shortening.lengths import MOST_HEADER

MOST_TOOLS = 20
# Below this a line that had to be cut says nothing.
LEAST_CHARACTERS = 24
# What a kind of parts is called in the plural, where that is not just one letter more.
PLURALS = {"search": "searches", "reasoning": "pieces of reasoning"}
SINGULARS = {"reasoning": "piece of reasoning"}


def header(turns: Sequence[Turn], tokens: int = MOST_HEADER) -> str:
    """Of the turns that are replaced; always the same for the same turns. `tokens`: about how long at most."""
    parts = []
    for title, (found, share) in PARTS.items():
        if lines := list(fitting(found(turns), tokens * share - text_tokens(title))):
            parts.append("\n".join([f"## {title}", *lines]))
    return "\n\n".join(parts)


def fitting(lines: Iterable[str], tokens: float) -> Iterator[str]:
    """The lines that fit, as a list in Markdown; the first that does not is cut."""
    for each in lines:
        item = f"- {each}\n"
        size = text_tokens(item)
        if size > tokens:
            if (characters := int(len(item) * tokens / size) - 8) >= LEAST_CHARACTERS:
                yield f"- {line(each, characters)}"
            return
        tokens -= size
        yield item.rstrip()


def recent(turns: Sequence[Turn]) -> list[str]:
    """Decisions, the latest first: these are to have room."""
    return decisions(turns)[::-1]


def tools(turns: Sequence[Turn]) -> Iterator[str]:
    """In one line, the most used first."""
    counts = Counter(name(part.name) for turn in turns for part in turn.parts if isinstance(part, Call))
    if counts:
        told = ", ".join(f"{tool} {count}" for tool, count in counts.most_common(MOST_TOOLS))
        yield told + (f" and {len(counts) - MOST_TOOLS} more" if len(counts) > MOST_TOOLS else "")


def unread(turns: Sequence[Turn]) -> Iterator[str]:
    """What nobody can read here, in one line."""
    counts: Counter[str] = Counter()
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, Opaque):
                counts[name(part.kind)] += 1
            elif isinstance(part, Result):
                counts.update(map(name, part.opaque))
    if counts:
        yield ", ".join(f"{count} {named(kind, count)}" for kind, count in sorted(counts.items()))


def named(kind: str, count: int) -> str:
    return SINGULARS.get(kind, kind) if count == 1 else PLURALS.get(kind, kind + "s")


# The parts in their order, and how much of the whole each may take.
PARTS: Mapping[str, tuple[Callable[[Sequence[Turn]], Iterable[str]], float]] = {
    "What the user wanted": (intents, 0.23),
    "Decisions and conditions, latest first": (recent, 0.3),
    "Files": (files, 0.25),
    "Not answered yet": (questions, 0.1),
    "Tools used": (tools, 0.06),
    "Not shown here": (unread, 0.06),
}
