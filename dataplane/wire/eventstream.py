"""AWS event-stream frames: bytes in, frames out, and back. Source: Kiro wire notes, framing.

A frame is, big-endian: u32 total length, u32 length of the headers, u32 CRC-32 of these eight bytes,
headers, payload, u32 CRC-32 of everything before it. A header is a u8 length and name, a u8 type and
its value. Both checksums are always checked; after the first mistake nothing is trusted any more.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

MAX_FRAME_BYTES = 16 * 1024 * 1024
# Prelude and closing checksum: what a frame without headers and payload has.
MIN_FRAME_BYTES = 16
PRELUDE_BYTES = 12
# Header blocks repeat from frame to frame and from stream to stream; longer ones carry messages.
CACHED_HEADER_BYTES = 256

HeaderValue = bool | int | bytes | str
Headers = Mapping[str, HeaderValue]

_PRELUDE = struct.Struct(">III")
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_I64 = struct.Struct(">q")


@dataclass(slots=True)
class Frame:
    """One message. The headers may be shared between frames and are not to be changed."""

    headers: Headers
    payload: bytes


class Corrupt(Exception):
    """The bytes are not frames: a checksum is wrong, a length impossible or a header unreadable.

    `before` are the good frames that the same call completed.
    """

    before: Sequence[Frame] = ()


class Parser:
    """Incremental reader. Once it has raised Corrupt, it raises it for ever."""

    def __init__(self) -> None:
        self._held = bytearray()
        # Bytes that must be there before it is worth looking again.
        self._needed = PRELUDE_BYTES
        self._corrupt: Corrupt | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""
        if self._corrupt:
            self._corrupt.before = ()
            raise self._corrupt
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            data = bytes(self._held)
            self._held.clear()
        frames: list[Frame] = []
        try:
            end = self._read(data, frames)
        except Corrupt as error:
            self._corrupt, error.before = error, tuple(frames)
            raise
        if end < len(data):
            self._held += data[end:] if end else data
        return frames

    def pending(self) -> int:
        """How many bytes of an unfinished frame are held; at the end of a body it was cut."""
        return len(self._held)

    def _read(self, data: bytes, frames: list[Frame]) -> int:
        """Appends the whole frames of `data`, returns where the unfinished one begins."""
        at, size = 0, len(data)
        while size - at >= PRELUDE_BYTES:
            total, headers, checksum = _PRELUDE.unpack_from(data, at)
            prelude = crc32(data[at : at + 8])
            if prelude != checksum:
                raise Corrupt("prelude checksum")
            if not headers + MIN_FRAME_BYTES <= total <= MAX_FRAME_BYTES:
                raise Corrupt(f"frame of {total} bytes with {headers} of headers")
            end = at + total
            if end > size:
                self._needed = total
                return at
            payload, close = at + PRELUDE_BYTES + headers, end - 4
            # The checksum goes on from the prelude's, which covers the first eight bytes.
            if crc32(data[at + 8 : close], prelude) != _U32.unpack_from(data, close)[0]:
                raise Corrupt("message checksum")
            frames.append(Frame(_headers(data[at + PRELUDE_BYTES : payload]), data[payload:close]))
            at = end
        self._needed = PRELUDE_BYTES
        return at


def encode(headers: Headers, payload: bytes = b"") -> bytes:
    """One frame. Integers are written as 64 bits, whatever width they were read from."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", len(block) + len(payload) + MIN_FRAME_BYTES, len(block))
    body = prelude + _U32.pack(crc32(prelude)) + block + payload
    return body + _U32.pack(crc32(body))


def _header(name: str, value: HeaderValue) -> bytes:
    label = name.encode()
    start = bytes((len(label),)) + label
    match value:
        case bool():
            return start + (b"\x00" if value else b"\x01")
        case int():
            return start + b"\x05" + _I64.pack(value)
        case bytes():
            return start + b"\x06" + _U16.pack(len(value)) + value
        case str():
            text = value.encode()
            return start + b"\x07" + _U16.pack(len(text)) + text


def _headers(block: bytes) -> Headers:
    return _cached(block) if len(block) <= CACHED_HEADER_BYTES else _parse(block)


@lru_cache(maxsize=256)
def _cached(block: bytes) -> Headers:
    return _parse(block)


def _parse(block: bytes) -> Headers:
    found: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(block):
            name_end = at + 1 + block[at]
            name = block[at + 1 : name_end].decode()
            found[name], at = _value(block, name_end)
    except (IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise Corrupt("unreadable header") from error
    return found


def _value(block: bytes, at: int) -> tuple[HeaderValue, int]:
    """The value whose type byte is at `at`, and where the next header begins."""
    kind = block[at]
    at += 1
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind in _SIZED:
        (size,) = _U16.unpack_from(block, at)
        at += 2
    else:
        size = _FIXED[kind].size
    raw = block[at : at + size]
    if len(raw) != size:
        raise IndexError
    if kind in _SIZED:
        return (raw.decode() if _SIZED[kind] is str else raw), at + size
    value: int | bytes = _FIXED[kind].unpack(raw)[0]
    return value, at + size


# The value types by their number; a number that is in no table is Corrupt.
_CONSTANTS: dict[int, bool] = {0: True, 1: False}
_SIZED: dict[int, type] = {6: bytes, 7: str}
_FIXED: dict[int, struct.Struct] = {
    2: struct.Struct(">b"),
    3: struct.Struct(">h"),
    4: struct.Struct(">i"),
    5: _I64,
    # Timestamp in milliseconds since the epoch.
    8: _I64,
    # UUID.
    9: struct.Struct(">16s"),
}
