"""JSON in one place. msgspec is the fastest codec measured that also checks types (docs/performance.md)."""

import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

Raw = msgspec.Raw
DecodeError = msgspec.DecodeError
ValidationError = msgspec.ValidationError

# Escapes in JSON text, one after another so that an escaped backslash is never taken for the start
# of one: a whole surrogate pair, half of one, anything else.
_ESCAPES = re.compile(rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL)

# What begins each half, and little else: one look that settles it for almost every text.
_HALF = re.compile(rb"\\u[dD]").search

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


def mend(data: bytes) -> bytes:
    """`data` with U+FFFD for each escaped half of a surrogate pair.

    JSON's grammar allows such halves (RFC 8259, section 8.2), and JavaScript clients send them where
    they cut a text in the middle of an emoji; UTF-8 cannot hold them, so the decoder refuses them.
    """
    if not _HALF(data):
        return data
    return _ESCAPES.sub(lambda found: b"\\ufffd" if found[2] else found[0], data)


def path(error: ValidationError) -> tuple[str, str]:
    """What was wrong and where, the place as a JSON path without its root ("messages[0].role")."""
    message = str(error)
    found = re.search(r" - at `\$\.?([^`]*)`$", message)
    if not found:
        return message, ""
    return message[: found.start()], found.group(1)
