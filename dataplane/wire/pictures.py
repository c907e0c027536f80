"""Pictures by their first bytes, and the base64 that they travel in.

What a client says about a picture is often wrong; its bytes are not (Kiro rules, I02).
"""

import binascii
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_STANDARD = bytes.maketrans(b"-_", b"+/")
_BLANKS = b" \t\r\n\f\v"
_base64_url = re.compile(r"data:[^,]*;\s*base64\s*,", re.IGNORECASE).match

# How much of a picture's base64 is decoded to look at it: most need the least, a photograph with a preview more.
_GLANCES = (8 * 1024, 256 * 1024)

# A marker of a JPEG behind its filling (ITU T.81, B.1.1.2). Nobody fills more; nor are there more markers before a frame:
# enough for 128 MiB of previews and profiles.
_marker = re.compile(rb"\xff{1,1024}+([^\xff])", re.DOTALL).match
_FILLING = 1024
_MARKERS = 2048


class Picture(NamedTuple):
    """What a file's header says: `format` is png, jpeg, gif or webp; sides are pixels, never 0."""

    format: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return f"image/{self.format}"

    @property
    def side(self) -> int:
        """The longer one."""
        return max(self.width, self.height)


class _Short(Exception):
    """The header goes on where the data ends."""


def look(data: bytes) -> Picture | None:
    """The picture that `data` begins with; None when it is none of the four formats, or cut within its header."""
    try:
        return _measured(data)
    except _Short:
        return None


def glance(text: str) -> Picture | None:
    """The picture that `text`, bare base64, begins with."""
    for size in (*(size for size in _GLANCES if size < len(text)), len(text) // 4 * 4):
        try:
            return _measured(binascii.a2b_base64(text[:size]))
        except _Short:
            continue
        except ValueError:  # binascii.Error is one, letters beyond ASCII another
            return None
    return None


def _measured(data: bytes) -> Picture | None:
    """Raises _Short."""
    for begins, measure in _FORMATS:
        if begins(data):
            return measure(data)
    return None


def bare(text: str) -> bool:
    """Whether `text` is base64 as the standard has it: whole, without blanks or the letters of another alphabet."""
    if not text or len(text) % 4 or not text.isascii():
        return False
    letters = text.encode().translate(None, _ALPHABET)
    return not letters or (letters in (b"=", b"==") and text.endswith(letters.decode()))


def decode(text: str) -> bytes | None:
    """The bytes of base64, bare or in a data: URL, with blanks, without padding or for URLs; None when it is none."""
    if head := _base64_url(text):
        text = unquote(text[head.end() :])
    try:
        letters = text.encode("ascii").translate(_STANDARD, _BLANKS).rstrip(b"=")
        return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4), strict_mode=True)
    except ValueError:
        return None


def _checked(format: str, width: int, height: int) -> Picture | None:
    return Picture(format, width, height) if width and height else None


def _png(data: bytes) -> Picture | None:
    # The first chunk is IHDR with 13 bytes (PNG, 11.2.2); four more are its checksum.
    if len(data) < 33 or data[8:16] != b"\0\0\0\rIHDR":
        return None
    return _checked("png", int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))


def _gif(data: bytes) -> Picture | None:
    if len(data) < 13:
        return None
    return _checked("gif", int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little"))


def _jpeg(data: bytes) -> Picture | None:
    """Raises _Short."""
    at = 2
    for _ in range(_MARKERS):
        found = _marker(data, at)
        if found is None:
            _filled(data, at)
            return None
        at, marker = found.end(), found[1][0]
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # stands alone
            continue
        if marker in _FRAMES:
            frame = _within(data, at + 2, 5)
            return _checked("jpeg", int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3]))
        if marker in (0x00, 0xD8, 0xD9, 0xDA):  # no frame before the scan, or nonsense
            return None
        size = int.from_bytes(_within(data, at, 2))
        if size < 2:
            return None
        at += size
    return None


def _filled(data: bytes, at: int) -> None:
    """What no marker begins at: nonsense, unless the data just end there. Raises _Short."""
    rest = data[at : at + _FILLING]
    if at + len(rest) >= len(data) and not rest.strip(b"\xff"):
        raise _Short


def _within(data: bytes, at: int, size: int) -> bytes:
    """Raises _Short."""
    if at + size > len(data):
        raise _Short
    return data[at : at + size]


# SOF0 to SOF15 but for DHT, JPG and DAC (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _webp(data: bytes) -> Picture | None:
    if len(data) < 30:
        return None
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a" and not body[0] & 1:
        return _checked("webp", int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)
    if kind == b"VP8L" and body[0] == 0x2F:
        sides = int.from_bytes(body[1:5], "little")
        return Picture("webp", (sides & 0x3FFF) + 1, (sides >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        return Picture("webp", int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1)
    return None


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Picture | None]], ...] = (
    (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda data: data.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda data: data.startswith((b"GIF87a", b"GIF89a")), _gif),
    (lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP", _webp),
)
