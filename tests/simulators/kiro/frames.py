"""AWS event-stream frames, written and read from the format's description alone.

Big-endian: u32 total length, u32 headers length, u32 CRC of those eight bytes, headers, payload,
u32 CRC of all bytes before it. Headers here are always strings (type 7).
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

OVERHEAD = 16  # prelude, its CRC and the message CRC
STRING = 7


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as a reader sees it."""

    headers: dict[str, str]
    payload: bytes

    @property
    def name(self) -> str:
        """The event, exception or error that the frame carries."""
        return next((self.headers[key] for key in NAMES if key in self.headers), "")

    @property
    def data(self) -> Any:
        return json.loads(self.payload) if self.payload else None


def write(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame. Headers keep the order they are given in."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", OVERHEAD + len(encoded) + len(payload), len(encoded))
    body = prelude + struct.pack(">I", crc32(prelude)) + encoded + payload
    return body + struct.pack(">I", crc32(body))


def event(name: str, payload: Any) -> bytes:
    return write({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, compact(payload))


def exception(name: str, payload: Any) -> bytes:
    return write({":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}, compact(payload))


def error(code: str, message: str) -> bytes:
    """The payload-less kind of failure: everything is in the headers."""
    return write({":message-type": "error", ":error-code": code, ":error-message": message}, b"")


def compact(payload: Any) -> bytes:
    """JSON as the service writes it: no spaces, characters outside ASCII as UTF-8."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def read(data: bytes) -> list[Frame]:
    """All frames of a whole body. Raises ValueError on a bad CRC, a bad length or left-over bytes."""
    found = []
    at = 0
    while at < len(data):
        if len(data) - at < OVERHEAD:
            raise ValueError("left-over bytes")
        total, headers_length, prelude_crc = struct.unpack_from(">III", data, at)
        if crc32(data[at : at + 8]) != prelude_crc:
            raise ValueError("prelude CRC")
        if total < OVERHEAD + headers_length or at + total > len(data):
            raise ValueError("frame length")
        if crc32(data[at : at + total - 4]) != struct.unpack_from(">I", data, at + total - 4)[0]:
            raise ValueError("message CRC")
        split = at + 12 + headers_length
        found.append(Frame(_headers(data[at + 12 : split]), data[split : at + total - 4]))
        at += total
    return found


def _header(name: str, value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", STRING, len(raw)) + raw


def _headers(block: bytes) -> dict[str, str]:
    found = {}
    at = 0
    while at < len(block):
        name_end = at + 1 + block[at]
        kind, length = struct.unpack_from(">BH", block, name_end)
        if kind != STRING:
            raise ValueError(f"header type {kind}")
        value_end = name_end + 3 + length
        found[block[at + 1 : name_end].decode()] = block[name_end + 3 : value_end].decode()
        at = value_end
    return found


NAMES = (":event-type", ":exception-type", ":error-code")
