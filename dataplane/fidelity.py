"""What becomes of every field that a client can send, at every upstream: docs/fidelity.md.

`python -m dataplane.fidelity` writes it, out of the dialects' FIELDS and the upstreams' FIDELITY.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dataplane.conversation.features import Feature, Fidelity
from dataplane.dialects.anthropic import fields as anthropic_fields
from dataplane.dialects.anthropic import parse as anthropic_parse
from dataplane.dialects.openai_chat import fields as openai_chat_fields
from dataplane.dialects.openai_chat import parse as openai_chat_parse
from dataplane.dialects.openai_responses import fields as openai_responses_fields
from dataplane.dialects.openai_responses import parse as openai_responses_parse
from dataplane.upstreams import kimi_web, kiro
from dataplane.upstreams.anthropic.fidelity import FIDELITY as ANTHROPIC
from dataplane.upstreams.kimi_web.fidelity import FIDELITY as KIMI_WEB
from dataplane.upstreams.kiro.fidelity import FIDELITY as KIRO
from dataplane.upstreams.openai.fidelity import FIDELITY as OPENAI

INTRODUCTION = """\
# Fidelity

Made by `python -m dataplane.fidelity`; change the dialects' `fields.py` or the upstreams' `fidelity.py` and make it again.

What becomes of every field of a request, by the kind of upstream that serves it:

* **passed**: as it came.
* **mapped**: in another form of the same meaning.
* **approximated**: as near as the upstream allows, done by the gateway or asked of the model in words.
* **dropped**: left out, and reported: the answer's header `x-headgate-dropped` lists its path. A request of a key that is
  `strict` is refused instead.
* **gateway**: looked after by the gateway itself, whatever the upstream.
* **no effect**: a hint or a copy that changes no answer.

Where client and upstream speak the same protocol (chat completions to `openai`, Messages to `anthropic`) the body goes on as
the client wrote it, listed fields and unlisted ones: **passed** in all of these columns, but for what an endpoint is known to
refuse, which is taken out and reported. Where a route puts another Claude model in the place of the one that was asked for,
what that one would refuse of thinking, effort and sampling becomes what the table says. A member at the top of a body that is
not listed is dropped by any other upstream.

Of answers, too, the same protocol passes what it alone has words for: log probabilities, refusals, citations, blocks without a
seat elsewhere. Not passed are two members beside the choices of a chat completion, `service_tier` and `system_fingerprint`. A
response's `completed_at` is null, as the protocol allows: its `created_at` is the only time that an answer tells.

In a path `[]` stands for any place of a list, and braces tell which role, type or value is meant.
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


COLUMNS = (
    Column("kiro", kiro.Kiro.kind, KIRO),
    Column("kimi-web", kimi_web.KimiWeb.kind, KIMI_WEB),
    Column("openai", openai_chat_parse.FAMILY, OPENAI),
    Column("anthropic", anthropic_parse.FAMILY, ANTHROPIC),
)
TABLES = (
    Table("Chat completions: POST /v1/chat/completions", openai_chat_parse.FAMILY, openai_chat_fields.FIELDS, openai_chat_fields.NOTES),
    Table(
        "Responses: POST /v1/responses",
        openai_responses_parse.FAMILY,
        openai_responses_fields.FIELDS,
        openai_responses_fields.NOTES,
    ),
    Table("Messages: POST /v1/messages", anthropic_parse.FAMILY, anthropic_fields.FIELDS),
)
# These mean the same at every upstream, and name no wish of the client's.
FIXED: Mapping[Feature, str] = {
    Feature.GATEWAY: "gateway",
    Feature.HINT: "no effect",
    Feature.UNSEATED: "dropped",
}


def document() -> str:
    """The page as Markdown."""
    return "\n".join([INTRODUCTION, *meanings(), *(line for table in TABLES for line in section(table))])


def meanings() -> Iterator[str]:
    """What each upstream makes of each thing that can be asked for."""
    yield "## What can be asked for\n"
    yield row("what", *(column.title for column in COLUMNS))
    yield row(*["---"] * (1 + len(COLUMNS)))
    for feature in Feature:
        if feature not in FIXED and feature is not Feature.UNMODELLED:
            yield row(named(feature), *(told(column.fidelity[feature]) for column in COLUMNS))
    yield ""


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
    return note if feature in FIXED else told(Fidelity("passed", note), named(feature))


def named(feature: Feature) -> str:
    return feature.name.lower().replace("_", " ")


def cell(feature: Feature, table: Table, column: Column) -> str:
    """What the upstream does with it, in a word."""
    if feature is not Feature.GATEWAY and table.family == column.family:
        return "passed"
    if feature is Feature.UNMODELLED:
        return "dropped"
    return FIXED.get(feature) or column.fidelity[feature].kind


def told(fidelity: Fidelity, word: str = "") -> str:
    """The word, or its kind, and the note."""
    word = word or fidelity.kind
    return f"{word}. {fidelity.note}" if fidelity.note else word


def row(*cells: str) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in cells)} |"


if __name__ == "__main__":
    sys.stdout.write(document())
