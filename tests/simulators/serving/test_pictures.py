import struct

import pytest

from tests.simulators.serving.pictures import Picture, sniff

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 30, 20)
SEGMENT = b"\xff\xe0" + struct.pack(">H", 16) + bytes(14)
JPEG = b"\xff\xd8" + SEGMENT + b"\xff\xff\xc0" + struct.pack(">HBHH", 17, 8, 480, 640)
EXTENDED = b"RIFF" + bytes(4) + b"WEBPVP8X" + bytes(8) + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
LOSSLESS = b"RIFF" + bytes(4) + b"WEBPVP8L" + bytes(4) + b"\x2f" + struct.pack("<I", 639 | 479 << 14)
LOSSY = b"RIFF" + bytes(4) + b"WEBPVP8 " + bytes(10) + struct.pack("<HH", 640, 480)


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (PNG, Picture("png", 640, 480)),
        (GIF, Picture("gif", 30, 20)),
        (JPEG, Picture("jpeg", 640, 480)),
        (EXTENDED, Picture("webp", 640, 480)),
        (LOSSLESS, Picture("webp", 640, 480)),
        (LOSSY, Picture("webp", 640, 480)),
    ],
)
def test_format_and_size_come_from_the_first_bytes(data, picture):
    assert sniff(data) == picture
    assert sniff(data[:9]) is None


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"%PDF-1.7", b"RIFF1234AVI LIST", b"RIFF1234WEBPVP9 "])
def test_other_bytes_are_no_picture(data):
    assert sniff(data) is None
