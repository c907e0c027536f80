"""What all bodies and lists share: camelCase, no unknown field, plain text, ISO times, pages."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid

T = TypeVar("T")


class Body(BaseModel):
    """What a caller sends: a misspelt field is an error that names it."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


class View(BaseModel):
    """What a caller is told. No field of any view can hold a secret. `VOLATILE` fields change by themselves:
    they are no part of what an administrator decided.
    """

    VOLATILE: ClassVar[frozenset[str]] = frozenset()
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


# Text without control characters: NUL cannot be stored in every database, newlines forge log lines.
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
# A bearer or an id of someone else's making: it becomes a header.
Token = Annotated[str, StringConstraints(strip_whitespace=True, max_length=8192, pattern=r"^[\x21-\x7e]*$")]


def _written(value: Any) -> Any:
    """Numbers are refused, also as text: seconds or milliseconds, nobody could tell."""
    if isinstance(value, str) and ISO_DATE.match(value):
        return value
    raise PydanticCustomError("time", "is not a time in ISO 8601")


def _storable(value: datetime) -> datetime:
    if value.timestamp() < 1:
        raise PydanticCustomError("time", "is not a time after 1970")
    return value


LAST = 253402300799  # the end of the year 9999
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_storable)]


class Page(Body):
    """Which part of a list; `cursor` is the `nextCursor` of the part before."""

    limit: int = Field(50, ge=1, le=500)
    cursor: Text | None = None


class Counts(View):
    """What requests came to since the record exists."""

    total_requests: int
    success_requests: int
    failed_requests: int
    total_credits: float
    total_cost: float = Field(description="In US dollars, by the price table of each time")
    input_tokens: int
    output_tokens: int
    saved_tokens: int = Field(description="Estimated, by shortening conversations")
    summary_tokens: int = Field(description="What the summaries for that came to; part of the tokens above")

    @classmethod
    def of(cls, counters: Counters) -> "Counts":
        return cls(
            total_requests=counters.total_requests,
            success_requests=counters.success_requests,
            failed_requests=counters.failed_requests,
            total_credits=counters.total_credits,
            total_cost=round(counters.total_cost, 6),
            input_tokens=counters.input_tokens,
            output_tokens=counters.output_tokens,
            saved_tokens=counters.saved_tokens,
            summary_tokens=counters.summary_tokens,
        )


def moment(seconds: float) -> datetime | None:
    """Epoch seconds as a time; 0 is none. Figures from outside may be absurd: they end with the calendar."""
    return datetime.fromtimestamp(min(seconds, LAST), UTC) if seconds > 0 else None


def cut(rows: Sequence[T], place: Callable[[T], str], page: Page) -> tuple[list[T], str | None]:
    """A page of `rows` in the order of `place`, and the cursor of the next one.

    The cursor is the place itself and not a count, so that a row that is added or removed between
    two pages neither hides nor repeats another.
    """
    after = _decode(page.cursor) if page.cursor else ""
    rest = sorted((row for row in rows if place(row) > after), key=place)
    found = rest[: page.limit]
    return found, _encode(place(found[-1])) if len(rest) > len(found) else None


def _encode(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _decode(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise Invalid("the cursor is not one that a list gave", "cursor") from None
