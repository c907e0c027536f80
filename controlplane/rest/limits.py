"""Limits of a key as they are said and read, and what it has used of them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictInt
from pydantic_core import PydanticCustomError

from controlplane.domain.errors import Invalid
from controlplane.domain.limits import MILLION, Period, Unit
from controlplane.rest.schemas import Body, View
from controlplane.service.limiting import CONCURRENCY, LARGEST, LARGEST_CREDITS, LARGEST_CREDITS_MINUTE, MOST_AT_A_TIME


def _exact(value: float) -> float:
    if Decimal(repr(value)) * MILLION % 1:
        raise PydanticCustomError("decimals", "has more than 6 decimals")
    return value


def _absent(value: Any) -> bool:
    return value is None


Count = Annotated[StrictInt, Field(ge=0, le=LARGEST)]
Credits = Annotated[float, Field(strict=True, ge=0, le=LARGEST_CREDITS, allow_inf_nan=False), AfterValidator(_exact)]
MinuteCredits = Annotated[Credits, Field(le=LARGEST_CREDITS_MINUTE)]


class CountCaps(Body):
    """Limits of requests or tokens; null: none, 0: nothing may pass."""

    minute: Count | None = Field(None, description="At once, and refilled within 60 seconds")
    day: Count | None = Field(None, description="In a calendar day, UTC")
    month: Count | None = Field(None, description="In a calendar month, UTC")
    total: Count | None = Field(None, description="For ever")


class CreditCaps(Body):
    """Limits of the upstream's credits, with at most 6 decimals; null: none, 0: nothing may pass."""

    minute: MinuteCredits | None = Field(None, description="At once, and refilled within 60 seconds")
    day: Credits | None = Field(None, description="In a calendar day, UTC")
    month: Credits | None = Field(None, description="In a calendar month, UTC")
    total: Credits | None = Field(None, description="For ever; the same as creditLimit")


class LimitsBody(Body):
    """What is changed of the limits; null clears all that is below it."""

    requests: CountCaps | None = None
    tokens: CountCaps | None = Field(None, description="Input, cache reads and writes, and output")
    credits: CreditCaps | None = None
    concurrency: Annotated[StrictInt, Field(ge=1, le=MOST_AT_A_TIME)] | None = Field(None, description="Requests at a time")


class CapsRead(View):
    """What is not limited is left out."""

    minute: int | float | None = Field(None, exclude_if=_absent)
    day: int | float | None = Field(None, exclude_if=_absent)
    month: int | float | None = Field(None, exclude_if=_absent)
    total: int | float | None = Field(None, exclude_if=_absent)


class LimitsRead(View):
    """What is not limited is left out."""

    requests: CapsRead | None = Field(None, exclude_if=_absent)
    tokens: CapsRead | None = Field(None, exclude_if=_absent)
    credits: CapsRead | None = Field(None, exclude_if=_absent)
    concurrency: int | None = Field(None, exclude_if=_absent)


class LeafRead(View):
    """`used` of a minute is what its bucket lacks. `left` is what could still be reserved."""

    used: int | float
    reserved: int | float = Field(description="For requests under way")
    standby: int | float = Field(description="Set aside for data planes that may lose the control plane")
    limit: int | float | None
    left: int | float | None
    resets_at: datetime | None


class UnitUsage(View):
    """`minute` is null where it has no limit: then it is not counted."""

    minute: LeafRead | None
    day: LeafRead
    month: LeafRead
    total: LeafRead


class Overrun(View):
    requests: int
    tokens: int
    credits: float


class KeyUsageRead(View):
    """What the key has used of its limits."""

    requests: UnitUsage
    tokens: UnitUsage
    credits: UnitUsage
    concurrency: LeafRead = Field(description="Requests under way")
    overrun: Overrun = Field(description="What requests spent beyond their reservations")


def tree(named: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the members `limits` and `credit_limit` of a body say together, as `limiting.merged` takes it;
    None when they say nothing. Raises Invalid when they contradict each other.
    """
    if not named.keys() & {"limits", "credit_limit"}:
        return None
    limits = named.get("limits", {})
    said: dict[str, Any] = dict.fromkeys((*Unit, CONCURRENCY)) if limits is None else dict(limits)
    if said.get(Unit.CREDITS):
        said[Unit.CREDITS] = {period: _millionths(cap) for period, cap in said[Unit.CREDITS].items()}
    if "credit_limit" in named:
        said[Unit.CREDITS] = _with_total(said.get(Unit.CREDITS, {}), _millionths(named["credit_limit"]))
    return said


def _with_total(caps: Mapping[str, int | None] | None, total: int | None) -> dict[str, int | None]:
    found: dict[str, int | None] = dict.fromkeys(Period) if caps is None else dict(caps)
    if caps is not None and caps.get(Period.TOTAL, total) != total:
        raise Invalid("creditLimit is another name of limits.credits.total, and the two differ", "creditLimit")
    return {**found, Period.TOTAL: total}


def _millionths(value: float | None) -> int | None:
    """Exact: what is given has at most 6 decimals."""
    return None if value is None else int(Decimal(repr(value)) * MILLION)
