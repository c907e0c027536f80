"""What a request comes to: whether it counts, in tokens, in credits, and in money."""

from collections.abc import Iterable

from controlplane.domain.kinds import KINDS
from controlplane.domain.limits import MILLION
from controlplane.domain.outcome import Ending, Outcome, Source, Usage
from controlplane.domain.price import Price
from controlplane.policy import naming
from controlplane.policy.naming import Names

# Figures above these are no figures but defects. So bounded, sums fit the columns and stay exact in a double.
MOST_TOKENS = 2**40
MOST_CREDITS = 10.0**6
GIVEN_BACK = frozenset({Ending.FAILED, Ending.CANCELLED})


def counts(outcome: Outcome) -> bool:
    """Whether the request counts as one. It is given back when it failed, or its client left, before
    the upstream had put out or charged anything.
    """
    if outcome.ending not in GIVEN_BACK or outcome.usage.output:
        return True
    usage = outcome.usage
    return Source.UPSTREAM in (usage.input_source, usage.output_source, usage.credits_source)


def tokens(usage: Usage) -> int:
    """What counts as tokens; `output` includes what was reasoned."""
    return min(usage.input + usage.cache_read + usage.cache_write + usage.output, MOST_TOKENS)


def plausible(credits: float) -> float:
    """Credits as an upstream told them, 0 for what cannot be: below 0, absurdly many, or no number."""
    return credits if 0 <= credits <= MOST_CREDITS else 0.0


def millionths(credits: float) -> int:
    """Credits as a whole number, so that sums are exact."""
    return round(credits * MILLION) if 0 < credits <= MOST_CREDITS else 0


def cost(price: Price, usage: Usage) -> float:
    """US dollars; what was read from and written to a cache has prices of its own."""
    cached = usage.cache_read * price.cache_read + usage.cache_write * price.cache_write
    return (usage.input * price.input + usage.output * price.output + cached) / MILLION


def applying(prices: Iterable[Price], kind: str, model: str) -> Price | None:
    """The price of a kind's model (its id): the one that names it, else the pattern that says most of its name. One
    that begins with the kind comes before all that do not.

    A price's `model` means what it would mean among the models that a key is allowed; behind another kind it is for
    that kind's models, unless it is this one's id to the letter.
    """
    table = naming.names((model,))
    found = {rank: price for price in prices if (rank := _precision(price, kind, model, table)) is not None}
    return found[max(found)] if found else None


def _precision(price: Price, kind: str, model: str, table: Names) -> tuple[bool, bool, int, str] | None:
    """How much the price says of the model, None: it is for others. The name itself makes the order of equals the
    same everywhere.
    """
    name = price.model.lower()
    head, slash, rest = name.partition("/")
    limited = bool(slash) and head == kind and naming.covers(rest, model, table)
    open_to_all = not slash or head not in KINDS or name == model.lower()
    if not limited and not (open_to_all and naming.covers(name, model, table)):
        return None
    pattern = rest if limited else name
    stars = pattern.count("*")
    return limited, not stars, len(pattern) - stars, pattern
