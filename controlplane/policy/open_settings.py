"""What administrators may change at run time: what each setting may be, its text as it is stored, what holds unless they do.

Pure: from the same texts and the same installation the same values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.domain.compression import CompressionPolicy
from controlplane.policy.scheduling import Mode

# None is a value of settings only whose default is not known here, such as half of a model's window.
Value = bool | int | float | str | None


class Kind(Protocol):
    """What a setting may be."""

    def read(self, text: str) -> Value:
        """Raises ValueError with a phrase that completes "NAME ..."."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str:
        if text not in self.words:
            raise ValueError(f"is not one of {', '.join(self.words)}")
        return text


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off."""

    def read(self, text: str) -> bool:
        if text not in SWITCHED:
            raise ValueError("is not true or false")
        return SWITCHED[text]


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`."""

    low: int
    high: int

    def read(self, text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise ValueError("is not a whole number") from None
        if not self.low <= number <= self.high:
            raise ValueError(f"is not between {self.low} and {self.high}")
        return number


@dataclass(frozen=True, slots=True)
class Share:
    """A part of something, from `low` to `high`."""

    low: float
    high: float

    def read(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError("is not a number") from None
        if not self.low <= number <= self.high:
            raise ValueError(f"is not between {self.low} and {self.high}")
        return number


@dataclass(frozen=True, slots=True)
class Name:
    """One line of at most `longest` characters."""

    longest: int

    def read(self, text: str) -> str:
        if not 0 < len(text) <= self.longest or not text.isprintable():
            raise ValueError(f"is not 1 to {self.longest} printable characters")
        return text


def written(name: str, value: Value) -> str:
    """The text that is stored; None is the empty one, which is no value of anything and so the default. Raises KeyError
    for a setting that there is not, ValueError as Kind does.
    """
    kind = KINDS[name]
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    kind.read(text)
    return text


def chosen(stored: Mapping[str, str], installed: CompressionPolicy) -> Mapping[str, Value]:
    """Each setting by itself. A text that is none of its values is the default: it may be another release's."""
    return {name: _value(name, stored.get(name, ""), _default(name, installed)) for name in KINDS}


def in_force(stored: Mapping[str, str], installed: CompressionPolicy) -> Mapping[str, Value]:
    """The settings as they go together. What is off for the whole installation stays off; where what an administrator
    chose does not go with a default that changed since, fewer messages stay.
    """
    values: dict[str, Any] = {**chosen(stored, installed)}
    values[ENABLED] = values[ENABLED] and installed.enabled
    values[KEEP] = min(values[KEEP], values[MESSAGES] - 1)
    return values


def crossed(stored: Mapping[str, str], installed: CompressionPolicy) -> bool:
    """Whether a conversation would be long when all of it is to stay word for word."""
    values: Mapping[str, Any] = chosen(stored, installed)
    return bool(values[KEEP] >= values[MESSAGES])


def compression(values: Mapping[str, Any]) -> CompressionPolicy:
    """What of the settings in force is about conversations."""
    return CompressionPolicy(**{field: values[name] for name, field in FIELDS.items()})


def _value(name: str, text: str, default: Value) -> Value:
    try:
        return KINDS[name].read(text)
    except ValueError:
        return default


def _default(name: str, installed: CompressionPolicy) -> Value:
    found: Value = getattr(installed, FIELDS[name]) if name in FIELDS else Mode.SMART.value
    return found


SWITCHED: Mapping[str, bool] = {"true": True, "false": False}
SCHEDULING_MODE, ENABLED, RATIO, MODEL = "schedulingMode", "compressionEnabled", "compressionRatio", "summaryModel"
TOKENS, MESSAGES, KEEP = "compressionTokens", "compressionMessages", "compressionKeep"
SHARE, NAME = Share(0.05, 0.5), Name(200)
NUMBERS: Mapping[str, Whole] = {
    TOKENS: Whole(10_000, 1_000_000),
    MESSAGES: Whole(20, 2000),
    KEEP: Whole(4, 100),
    "compressionToolLookback": Whole(4, 20),
    "compressionBatchMessages": Whole(2, 20),
    "compressionBatchCharacters": Whole(10_000, 100_000),
    "compressionTtlMinutes": Whole(1, 60),
    "compressionEntries": Whole(10, 2000),
    "compressionKeyTokensPerDay": Whole(0, 10**11),
    "compressionSeconds": Whole(5, 300),
    "compressionOriginalHours": Whole(0, 720),
}
KINDS: Mapping[str, Kind] = {
    SCHEDULING_MODE: OneOf(tuple(mode.value for mode in Mode)),
    ENABLED: Switch(),
    RATIO: SHARE,
    MODEL: NAME,
    **NUMBERS,
}
# The settings about conversations, and what each is called in CompressionPolicy.
FIELDS: Mapping[str, str] = {
    ENABLED: "enabled",
    TOKENS: "tokens",
    MESSAGES: "messages",
    KEEP: "keep",
    "compressionToolLookback": "tool_lookback",
    "compressionBatchMessages": "batch_messages",
    "compressionBatchCharacters": "batch_characters",
    RATIO: "ratio",
    "compressionTtlMinutes": "ttl_minutes",
    "compressionEntries": "entries",
    MODEL: "summary_model",
    "compressionKeyTokensPerDay": "key_tokens_per_day",
    "compressionSeconds": "seconds",
    "compressionOriginalHours": "original_hours",
}
