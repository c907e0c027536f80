"""What model a name means. Clients spell the same model in many ways; none of them may ever reach a
different model.

Forms seen in the wild (Kiro wire notes, model ids): `anthropic/claude-sonnet-4-5-20250929`,
`claude-sonnet-4-5-latest`, `claude-sonnet-4.5[1m]`, `claude-4.5-sonnet`, `Claude-Sonnet-4.5-thinking`.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

# Vendors that clients put before a name although it says nothing about who shall serve it.
VENDORS = ("anthropic/", "claude-code/")
WIDE = "[1m]"  # how Claude Code asks for the window of a million tokens
WIDE_ID = "-1m"  # how the upstream spells the variant, where it is a model of its own
SUFFIX = re.compile(r"(?:-thinking|-latest|-20\d{6}|\[1m\])$")
DASHED = re.compile(r"(?<=\d)-(?=\d{1,2}(?:$|-|\[))")  # 4-5 is 4.5; 4-20250929 is not
INVERTED = re.compile(r"^claude-(\d+(?:\.\d+)?)-(opus|sonnet|haiku)(?=$|-)")
LONGEST = 128  # no model's name is longer; keeps the search for close names cheap


@dataclass(frozen=True, slots=True)
class Named:
    """What a name means: a model's id, and whether only one kind or one account may serve it."""

    model: str
    kind: str = ""
    account_id: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The names in force. `exact`: ids and aliases; `normal`: normalised spellings; `pins`: lower-case
    prefixes (kinds and account labels) to (kind, account id).
    """

    exact: Mapping[str, str]
    normal: Mapping[str, str]
    pins: Mapping[str, tuple[str, str]]


def names(ids: Iterable[str], kinds: Iterable[str], labels: Mapping[str, tuple[str, str]]) -> Names:
    """The table for these model ids. `labels`: account label to (kind, account id)."""
    exact: dict[str, str] = {}
    normal: dict[str, str] = {}
    # Shortest first: should two ids share a spelling, the plainer one means it.
    for model in sorted(ids, key=lambda model: (len(model), model)):
        exact[model] = model
        normal.setdefault(normalise(model), model)
    for model in tuple(exact):
        for alias in aliases(model):
            exact.setdefault(alias, model)
    pins = {label.lower(): pin for label, pin in labels.items()}
    pins.update({kind: (kind, "") for kind in kinds})
    return Names(exact, normal, pins)


def resolve(written: str, table: Names) -> Named | None:
    """What `written` means; None when no model has that name."""
    if written in table.exact:
        return Named(table.exact[written])
    head, slash, rest = written.partition("/")
    if slash and head.lower() in table.pins:
        kind, account_id = table.pins[head.lower()]
        model = _bare(rest, table)
        return Named(model, kind, account_id) if model else None
    model = _bare(written, table)
    return Named(model) if model else None


def _bare(written: str, table: Names) -> str | None:
    """The id of a name without a pin."""
    if written in table.exact:
        return table.exact[written]
    if len(written) > LONGEST:
        return None
    name = normalise(written)
    if written.lower().endswith(WIDE) and name + WIDE_ID in table.normal:
        return table.normal[name + WIDE_ID]
    return table.normal.get(name)


@lru_cache(maxsize=4096)
def normalise(written: str) -> str:
    """One spelling for all spellings of a model."""
    name = written.strip().lower()
    for vendor in VENDORS:
        name = name.removeprefix(vendor)
    while (shorter := SUFFIX.sub("", name)) != name:
        name = shorter
    return INVERTED.sub(r"claude-\2-\1", DASHED.sub(".", name))


def aliases(model: str) -> tuple[str, ...]:
    """Other public names of a model id: the vendor's spelling with dashes."""
    dashed = re.sub(r"(?<=\d)\.(?=\d)", "-", model)
    return (dashed,) if dashed != model else ()


def close(written: str, table: Names) -> tuple[str, ...]:
    """Up to three ids that look like `written`, best first."""
    wanted = normalise(written[:LONGEST].rpartition("/")[2])
    near = difflib.get_close_matches(wanted, table.normal, n=3, cutoff=0.5)
    return tuple(table.normal[name] for name in near)


@lru_cache(maxsize=4096)
def allowed(patterns: tuple[str, ...], model: str) -> bool:
    """Whether a key with these patterns may use the model (its id); no patterns allow all.

    The name that the client wrote is not looked at: only what it means counts.
    """
    if not patterns:
        return True
    known = {model.lower(), normalise(model), *(alias.lower() for alias in aliases(model))}
    return any(_matches(pattern.lower().removeprefix("kiro/"), known) for pattern in patterns)


def _matches(pattern: str, known: set[str]) -> bool:
    if "*" not in pattern:
        return pattern in known or normalise(pattern) in known
    expression = re.compile(".*".join(re.escape(part) for part in pattern.split("*")))
    return any(expression.fullmatch(name) for name in known)
