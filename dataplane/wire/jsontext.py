"""JSON in one place. msgspec is the fastest codec measured that also checks types (docs/performance.md)."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

Raw = msgspec.Raw
DecodeError = msgspec.DecodeError
ValidationError = msgspec.ValidationError

_encode = msgspec.json.Encoder().encode
_decode_any = msgspec.json.Decoder().decode


def dumps(value: Any) -> bytes:
    """Compact JSON. Raises ValueError when a string holds half a surrogate pair."""
    return _encode(value)


def loads(data: bytes | str) -> Any:
    """Any JSON; raises DecodeError."""
    return _decode_any(data)


def string(text: str) -> bytes:
    """`text` as a JSON string, quotes included."""
    return _encode(text)


def path(error: ValidationError) -> tuple[str, str]:
    """What was wrong and where, the place as a JSON path without its root ("messages[0].role")."""
    message = str(error)
    found = re.search(r" - at `\$\.?([^`]*)`$", message)
    if not found:
        return message, ""
    return message[: found.start()], found.group(1)
