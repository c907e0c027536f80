"""Which model of one vendor a name means. Clients spell the same model in many ways; none of them may ever
reach a different model.

Forms seen in the wild (Kiro wire notes, model ids): `anthropic/claude-sonnet-4-5-20250929`,
`claude-sonnet-4-5-latest`, `claude-sonnet-4.5[1m]`, `claude-4.5-sonnet`, `Claude-Sonnet-4.5-thinking`.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import islice

# Vendors that clients put before a name although it says nothing about who shall serve it.
VENDORS = ("anthropic/", "claude-code/")
WIDE = "[1m]"  # how Claude Code asks for the window of a million tokens
WIDE_ID = "-1m"  # how the upstream spells the variant, where it is a model of its own
SUFFIX = re.compile(r"(?:-thinking|-latest|-20\d{6}|\[1m\])$")
# Of a model's own id only these may be left out: a thinking variant is another model where it has an id.
RELEASE = re.compile(r"(?:-latest|-20\d{6})+$")
DATE = re.compile(r"-(20\d{6})(?=$|-|\[)")
DASHED = re.compile(r"(?<=\d)-(?=\d{1,2}(?:$|-|\[))")  # 4-5 is 4.5; 4-20250929 is not
INVERTED = re.compile(r"^claude-(\d+(?:\.\d+)?)-(opus|sonnet|haiku)(?=$|-)")
LONGEST = 128  # no model's name is longer; keeps the search for close names cheap
# Spellings that are searched for close ones, and how many of them are compared in earnest: a search takes a millisecond.
MOST_SPOKEN = 1024
MOST_CLOSE = 12
EXACT = 0  # how far a name is from the id it means: it is the id itself, or a public alias of it


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one vendor's models. `exact`: ids and aliases; `normal`: spellings as `spellings` makes them."""

    exact: Mapping[str, str]
    normal: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One spelling of a name, and its `pairs` of letters."""

    name: str
    spelling: str
    pairs: frozenset[str]


def names(ids: Iterable[str]) -> Names:
    """The table for these model ids."""
    normal: dict[str, str] = {}
    # Shortest first: should two ids share a spelling, the plainer one means it, and of two releases the newer.
    models = sorted(ids, key=lambda model: (len(model), -int(max(DATE.findall(model), default="0")), model))
    # What an id says itself comes before what it may be shortened to.
    for spelling in (_plain, _pointed, _released):
        for model in models:
            normal.setdefault(spelling(model), model)
    exact = {model: model for model in models}
    for model in models:
        for alias in aliases(model):
            exact.setdefault(alias, model)
    return Names(exact, normal)


def literal(ids: Iterable[str]) -> Names:
    """The table for ids that mean what they say to the letter, as at servers where anybody chose them."""
    return Names({model: model for model in ids}, {})


def find(written: str, table: Names) -> tuple[int, str] | None:
    """The id that `written` means, and how far it is from it (EXACT and up); None when no model has that name."""
    if written in table.exact:
        return EXACT, table.exact[written]
    if len(written) > LONGEST:
        return None
    forms = spellings(written)
    wide = forms[-1] + WIDE_ID
    if forms[0] not in table.normal and forms[0].endswith(WIDE) and wide in table.normal:
        return 1, table.normal[wide]
    for distance, form in enumerate(forms, 1):
        if form in table.normal:
            model = table.normal[form]
            return (distance, model) if _agree(written, model) else None
    return None


def same(one: str, other: str) -> bool:
    """Whether ids of two vendors are one model: alike but for case, points and dashes, the order of words, and
    the date of a release that only one of them names. Without a date it is the latest release.
    """
    return _released(one) == _released(other) and _agree(one, other)


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


def _agree(one: str, other: str) -> bool:
    """Whether two names may be of one release: they do not say two dates."""
    return len({*DATE.findall(one), *DATE.findall(other)}) < 2


def aliases(model: str) -> tuple[str, ...]:
    """Other public names of a model id: the vendor's spelling with dashes."""
    dashed = re.sub(r"(?<=\d)\.(?=\d)", "-", model)
    return (dashed,) if dashed != model else ()


def spoken(known: Mapping[str, str]) -> Sequence[Spoken]:
    """Names by their spellings, made ready for `close`; of very many, some."""
    return [Spoken(name, spelling, _pairs(spelling)) for spelling, name in islice(known.items(), MOST_SPOKEN)]


def close(written: str, known: Sequence[Spoken]) -> tuple[str, ...]:
    """Some names that look like `written`, best first. Only those that share most pairs of letters with it are
    compared in earnest, which takes a thousand times as long.
    """
    wanted = spellings(written[:LONGEST].rpartition("/")[2])[-1]
    pairs = _pairs(wanted)
    near = nlargest(MOST_CLOSE, known, key=lambda one: len(pairs & one.pairs) / (len(pairs) + len(one.pairs)))
    by_spelling = {one.spelling: one.name for one in near}
    found = difflib.get_close_matches(wanted, by_spelling, n=MOST_CLOSE, cutoff=0.5)
    # A model has up to three spellings; of those only the nearest counts.
    return tuple(dict.fromkeys(by_spelling[spelling] for spelling in found))


def _pairs(text: str) -> frozenset[str]:
    """Each letter with its neighbour, the ends included; never none."""
    framed = f" {text} "
    return frozenset(framed[place : place + 2] for place in range(len(framed) - 1))


def headed(name: str, label: str) -> bool:
    """Whether the name begins with the label and a slash, which limit it to that label's account."""
    head, slash, _ = name.partition("/")
    return bool(slash) and head.lower() == label.lower()


def covers(pattern: str, model: str, table: Names) -> bool:
    """Whether a pattern is for the model (its id). Without `*` it is for exactly the model whose name it is in
    `table`, with one for those of whose id it fits some spelling.
    """
    if "*" in pattern:
        return fits(pattern, model)
    found = find(pattern, table)
    return found is not None and found[1] == model


@lru_cache(maxsize=4096)
def fits(pattern: str, model: str) -> bool:
    """Whether a spelling of the model's whole id fits the pattern, in which `*` is any run of characters."""
    first, *middle, last = pattern.lower().split("*")
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
