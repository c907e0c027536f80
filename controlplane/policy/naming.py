"""What model a name means. Clients spell the same model in many ways; none of them may ever reach a
different model.

Forms seen in the wild (Kiro wire notes, model ids): `anthropic/claude-sonnet-4-5-20250929`,
`claude-sonnet-4-5-latest`, `claude-sonnet-4.5[1m]`, `claude-4.5-sonnet`, `Claude-Sonnet-4.5-thinking`.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

# Vendors that clients put before a name although it says nothing about who shall serve it.
VENDORS = ("anthropic/", "claude-code/")
WIDE = "[1m]"  # how Claude Code asks for the window of a million tokens
WIDE_ID = "-1m"  # how the upstream spells the variant, where it is a model of its own
SUFFIX = re.compile(r"(?:-thinking|-latest|-20\d{6}|\[1m\])$")
# Of a model's own id only these may be left out: a thinking variant is another model where it has an id.
RELEASE = re.compile(r"(?:-latest|-20\d{6})+$")
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
    """The names in force. `exact`: ids and aliases; `normal`: spellings as `spellings` makes them; `pins`: lower-case
    prefixes (kinds and account labels) to (kind, account id).
    """

    exact: Mapping[str, str]
    normal: Mapping[str, str]
    pins: Mapping[str, tuple[str, str]]


def names(ids: Iterable[str], kinds: Iterable[str], labels: Mapping[str, tuple[str, str]]) -> Names:
    """The table for these model ids. `labels`: account label to (kind, account id)."""
    normal: dict[str, str] = {}
    # Shortest first: should two ids share a spelling, the plainer one means it.
    models = sorted(ids, key=lambda model: (len(model), model))
    # What an id says itself comes before what it may be shortened to.
    for spelling in (_plain, _pointed, _released):
        for model in models:
            normal.setdefault(spelling(model), model)
    exact = {model: model for model in models}
    for model in models:
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
    forms = spellings(written)
    wide = forms[-1] + WIDE_ID
    if forms[0] not in table.normal and forms[0].endswith(WIDE) and wide in table.normal:
        return table.normal[wide]
    return next((table.normal[form] for form in forms if form in table.normal), None)


@lru_cache(maxsize=4096)
def spellings(written: str) -> tuple[str, ...]:
    """What a name may be looked up as, nearest to what was written first: its suffixes are taken off
    only as far as no model has them in its id.
    """
    name = _plain(written)
    found = [name, _pointed(name)]
    while (shorter := SUFFIX.sub("", name)) != name:
        name = shorter
        found.append(_pointed(name))
    return tuple(found)


def _plain(written: str) -> str:
    """Lower case, without a vendor."""
    name = written.strip().lower()
    for vendor in VENDORS:
        name = name.removeprefix(vendor)
    return name


def _pointed(written: str) -> str:
    """In the upstream's order of words, with points in versions."""
    return INVERTED.sub(r"claude-\2-\1", DASHED.sub(".", _plain(written)))


def _released(model: str) -> str:
    """Without the date of its release."""
    return _pointed(RELEASE.sub("", _plain(model)))


def aliases(model: str) -> tuple[str, ...]:
    """Other public names of a model id: the vendor's spelling with dashes."""
    dashed = re.sub(r"(?<=\d)\.(?=\d)", "-", model)
    return (dashed,) if dashed != model else ()


def close(written: str, table: Names) -> tuple[str, ...]:
    """Up to three ids that look like `written`, best first."""
    wanted = spellings(written[:LONGEST].rpartition("/")[2])[-1]
    # A model has up to three spellings; of those only the nearest counts.
    near = difflib.get_close_matches(wanted, table.normal, n=9, cutoff=0.5)
    return tuple(dict.fromkeys(table.normal[name] for name in near))[:3]


def allowed(patterns: tuple[str, ...], model: str, meaning: Callable[[str], Named | None]) -> bool:
    """Whether a key with these patterns may use the model (its id); no patterns allow all. `meaning`
    tells what a name means: a pattern without `*` allows exactly the model it would reach.

    The name that the client wrote is not looked at: only what it means counts.
    """
    return not patterns or any(_allows(pattern, model, meaning) for pattern in patterns)


def _allows(pattern: str, model: str, meaning: Callable[[str], Named | None]) -> bool:
    if "*" in pattern:
        return _fits(pattern, model)
    named = meaning(pattern)
    return named is not None and named.model == model and not named.account_id


@lru_cache(maxsize=4096)
def _fits(pattern: str, model: str) -> bool:
    """Whether a spelling of the model's whole id fits the pattern."""
    first, *middle, last = pattern.lower().removeprefix("kiro/").split("*")
    known = {model.lower(), _pointed(model), *(alias.lower() for alias in aliases(model))}
    return any(_glob(name, first, middle, last) for name in known)


def _glob(name: str, first: str, middle: list[str], last: str) -> bool:
    """The parts in their order, each at its first place: no pattern makes this slow."""
    place, end = len(first), len(name) - len(last)
    if place > end or not name.startswith(first) or not name.endswith(last):
        return False
    for part in middle:
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True
