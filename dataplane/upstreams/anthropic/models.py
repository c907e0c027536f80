"""What models take, by their names: only the provider's catalogue of refusals tells.

Source: Anthropic's pages on extended and adaptive thinking, effort, structured outputs and migration.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Traits:
    """One model.

    `thinking`: with a budget of tokens, as it sees fit, not at all, or always (it cannot be told not to). `efforts`: what
    `output_config.effort` may be. `sampling`: temperature, top_p and top_k are taken. `both`: temperature and top_p
    may be used together. `prefill`: an answer may be begun for it. `forms`: its answers can be held to a schema.
    `max_output` in tokens, for models of which nothing else is known.
    """

    thinking: Literal["budget", "adaptive", "always", "none"] = "budget"
    efforts: Sequence[str] = ()
    sampling: bool = True
    both: bool = True
    prefill: bool = True
    forms: bool = False
    max_output: int = 8192


@lru_cache(maxsize=256)
def traits(model: str) -> Traits:
    found = _NEWER.search(model)
    if found:
        return _claude(found[1], (int(found[2]), int(found[3] or 0)))
    found = _OLDER.search(model)
    if found:
        return _claude(found[3], (int(found[1]), int(found[2] or 0)))
    return FOREIGN


def _claude(family: str, version: Version) -> Traits:
    return next(row for families, since, row in CLAUDE if (not families or family in families) and version >= since)


# claude-opus-4-5-20251101, claude-sonnet-4, anthropic/claude-opus-4.6; and claude-3-7-sonnet-latest before that.
_NEWER = re.compile(r"claude-([a-z]+)-(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)")
_OLDER = re.compile(r"claude-(\d)(?:[.-](\d))?-([a-z]+)")

FOREIGN = Traits()
THREE = ("low", "medium", "high")
FOUR = (*THREE, "max")
FIVE = (*THREE, "xhigh", "max")
_NEWEST = Traits("adaptive", FIVE, sampling=False, both=False, prefill=False, forms=True, max_output=128_000)
_ALWAYS = Traits("always", FIVE, sampling=False, both=False, prefill=False, forms=True, max_output=128_000)
_MIXED = Traits("adaptive", FOUR, both=False, prefill=False, forms=True, max_output=64_000)


# Names of families (none: of any), the version from which on they are so, and how; the first row that fits counts.
CLAUDE: tuple[tuple[Sequence[str], Version, Traits], ...] = (
    (("fable", "mythos"), (0, 0), _ALWAYS),
    ((), (4, 7), _NEWEST),
    ((), (4, 6), _MIXED),
    (("opus",), (4, 5), Traits(efforts=THREE, both=False, forms=True, max_output=64_000)),
    ((), (4, 5), Traits(both=False, forms=True, max_output=64_000)),
    ((), (4, 1), Traits(both=False, forms=True, max_output=32_000)),
    (("opus",), (4, 0), Traits(max_output=32_000)),
    ((), (3, 7), Traits(max_output=64_000)),
    ((), (3, 5), Traits("none")),
    ((), (0, 0), Traits("none", max_output=4096)),
)
