"""What becomes of every field that a client can send, at every upstream: docs/fidelity.md.

`python -m dataplane.fidelity` writes it, out of the dialects' FIELDS and the upstreams' FIDELITY.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dataplane.conversation.features import Feature, Fidelity
from dataplane.dialects.anthropic import fields as anthropic_fields
from dataplane.dialects.openai_chat import fields as openai_chat_fields
from dataplane.dialects.openai_chat import parse as openai_chat_parse
from dataplane.upstreams import kiro
from dataplane.upstreams.kiro.fidelity import FIDELITY as KIRO

INTRODUCTION = """\
# Fidelity

Made by `python -m dataplane.fidelity`; change the dialects' `fields.py` or the upstreams' `fidelity.py` and make it again.

What becomes of every field of a request, by the upstream that serves it:

* **passed**: as it came.
* **mapped**: in another form of the same meaning.
* **approximated**: as near as the upstream allows, done by the gateway or asked of the model in words.
* **dropped**: left out, and reported: the answer's header `x-headgate-dropped` lists its path. A request of a key that is
  `strict` is refused instead.
* **gateway**: looked after by the gateway itself, whatever the upstream.
* **no effect**: a hint or a copy that changes no answer.

A member at the top of a body that is not listed is passed to an upstream of the client's own family, and dropped by any
other. In a path `[]` stands for any place of a list, and braces tell which role, type or value is meant.
"""


@dataclass(frozen=True, slots=True)
class Column:
    """One kind of upstream; members without a seat in the canonical conversation reach only one of their own `family`."""

    title: str
    family: str
    fidelity: Mapping[Feature, Fidelity]


@dataclass(frozen=True, slots=True)
class Table:
    """One dialect. `notes` tell of fields what their feature alone does not."""

    title: str
    family: str
    fields: Mapping[str, Feature]
    notes: Mapping[str, str] = field(default_factory=dict)


COLUMNS = (Column("Kiro", kiro.Kiro.kind, KIRO),)
TABLES = (
    Table("Chat completions: POST /v1/chat/completions", openai_chat_parse.FAMILY, openai_chat_fields.FIELDS, openai_chat_fields.NOTES),
    Table("Messages: POST /v1/messages", "anthropic", anthropic_fields.FIELDS),
)
# These mean the same at every upstream, and name no wish of the client's.
FIXED: Mapping[Feature, str] = {
    Feature.GATEWAY: "gateway",
    Feature.HINT: "no effect",
    Feature.UNSEATED: "dropped",
}


def document() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *(line for table in TABLES for line in section(table))])


def section(table: Table) -> Iterator[str]:
    yield f"## {table.title}\n"
    yield row("field", "asks for", *(column.title for column in COLUMNS))
    yield row(*["---"] * (2 + len(COLUMNS)))
    for path, feature in table.fields.items():
        cells = (cell(feature, table, column) for column in COLUMNS)
        yield row(f"`{path}`", asks(feature, table.notes.get(path, "")), *cells)
    yield ""


def asks(feature: Feature, note: str) -> str:
    """The feature in words, and what the dialect has to add."""
    return note if feature in FIXED else told(feature.name.lower().replace("_", " "), note)


def cell(feature: Feature, table: Table, column: Column) -> str:
    """What the upstream does with it, and its note."""
    if feature in FIXED:
        return FIXED[feature]
    if feature is Feature.UNMODELLED:
        return "passed" if table.family == column.family else "dropped"
    fidelity = column.fidelity[feature]
    return told(fidelity.kind, fidelity.note)


def told(word: str, note: str) -> str:
    return f"{word}. {note}" if note else word


def row(*cells: str) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(document())
