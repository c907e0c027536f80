"""Limits as administrators say them and read them back: trees of what is set, by unit and period."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from controlplane.domain.errors import Invalid
from controlplane.domain.limits import MILLION, NO_LIMITS, Caps, Limits, Period, Unit

LARGEST = 10**11  # requests or tokens
LARGEST_CREDITS = 10**9
LARGEST_CREDITS_MINUTE = 10**5  # a bucket counts in finer parts than a sum
MOST_AT_A_TIME = 100_000


def merged(before: Limits, named: Mapping[str, Any] | None) -> Limits:
    """`before` changed leaf by leaf as `named` says, by the names of Limits and Caps and in their amounts.
    None at any level clears what is below it; what is not named stays.
    """
    if named is None:
        return NO_LIMITS
    changed: dict[str, Any] = {}
    for name, value in named.items():
        changed[name] = value if name == CONCURRENCY else _caps(getattr(before, name), value)
    return replace(before, **changed)


def check(limits: Limits) -> None:
    """Raises Invalid, naming the leaf at fault. A limit of 0 lets nothing pass."""
    for unit in Unit:
        for period in Period:
            cap, most = getattr(getattr(limits, unit), period), largest(unit, period)
            if cap is not None and not 0 <= cap <= most:
                field = f"limits.{unit}.{period}"
                raise Invalid(f"{field} is not between 0 and {amount(unit, most)}", field)
    if limits.concurrency is not None and not 1 <= limits.concurrency <= MOST_AT_A_TIME:
        raise Invalid(f"limits.concurrency is not between 1 and {MOST_AT_A_TIME}", "limits.concurrency")


def largest(unit: Unit, period: Period) -> int:
    """The highest limit that may be set, in the unit's amounts."""
    if unit is not Unit.CREDITS:
        return LARGEST
    return MILLION * (LARGEST_CREDITS_MINUTE if period is Period.MINUTE else LARGEST_CREDITS)


def shown(limits: Limits) -> dict[str, Any]:
    """What is set, and nothing else; credits as decimals."""
    units = {unit.value: _set(unit, getattr(limits, unit)) for unit in Unit}
    return {name: value for name, value in {**units, CONCURRENCY: limits.concurrency}.items() if value not in (None, {})}


def amount(unit: Unit, value: int) -> int | float:
    """An amount as people see it: credits are counted in millionths."""
    return value / MILLION if unit is Unit.CREDITS else value


def _caps(before: Caps, named: Mapping[str, Any] | None) -> Caps:
    return Caps() if named is None else replace(before, **named)


def _set(unit: Unit, caps: Caps) -> dict[str, int | float]:
    return {period: amount(unit, cap) for period, cap in asdict(caps).items() if cap is not None}


CONCURRENCY = "concurrency"
