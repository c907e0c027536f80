"""What a picture really is, from its first bytes: format and size in pixels, without decoding it."""

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """`format` as the wire names it; sides in pixels."""

    format: str
    width: int
    height: int


def sniff(data: bytes) -> Picture | None:
    """None when the bytes are none of the four formats, or break off before the size."""
    for magic, measure in FORMATS:
        if data.startswith(magic):
            try:
                return measure(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> Picture:
    return Picture("png", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> Picture:
    return Picture("gif", *struct.unpack_from("<HH", data, 6))


def _jpeg(data: bytes) -> Picture | None:
    at = 2
    while True:
        while data[at] == 0xFF:  # fill bytes may stand before a marker
            at += 1
        marker = data[at]
        if marker in START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 4)
            return Picture("jpeg", width, height)
        if marker in STANDALONE:
            at += 1
            continue
        at += 1 + struct.unpack_from(">H", data, at + 1)[0]


def _webp(data: bytes) -> Picture | None:
    if data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8X":  # extended: 24-bit sides less one
        return Picture("webp", 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    if kind == b"VP8L":  # lossless: 14-bit sides less one after the signature byte
        bits = struct.unpack_from("<I", data, 21)[0]
        return Picture("webp", 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 ":  # lossy: 14-bit sides after the frame tag and start code
        width, height = struct.unpack_from("<HH", data, 26)
        return Picture("webp", width & 0x3FFF, height & 0x3FFF)
    return None


START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
FORMATS = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"\xff\xd8\xff", _jpeg),
    (b"RIFF", _webp),
)
