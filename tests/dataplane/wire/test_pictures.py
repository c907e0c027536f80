"""Pictures by their first bytes, and base64 as clients write it."""

import base64
import io
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dataplane.wire import pictures
from dataplane.wire.pictures import Picture, bare, decode, glance, look
from tests.dataplane.chunking import cuttings


def made(kind, size=(31, 17), mode="RGB", **more):
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode != "L" else 9).save(out, kind, **more)
    return out.getvalue()


def animated(kind):
    out = io.BytesIO()
    frames = [Image.new("RGB", (31, 17), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


EXIF = Image.Exif()
EXIF[0x010E] = "x" * 20_000

PICTURES = {
    "png": made("PNG"),
    "gif": made("GIF"),
    "gif moving": animated("GIF"),
    "jpeg": made("JPEG"),
    "jpeg progressive": made("JPEG", progressive=True),
    "jpeg grey": made("JPEG", mode="L"),
    "jpeg photograph": made("JPEG", exif=EXIF, icc_profile=b"y" * 100_000),
    "webp": made("WEBP"),
    "webp lossless": made("WEBP", lossless=True),
    "webp clear": made("WEBP", mode="RGBA"),
    "webp moving": animated("WEBP"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_I02_a_picture_is_what_its_bytes_say(name):
    found = look(PICTURES[name])
    kind = name.split()[0]
    assert found == Picture(kind, 31, 17)
    assert (found.media_type, found.side) == (f"image/{kind}", 31)
    assert glance(base64.b64encode(PICTURES[name]).decode()) == found


def test_the_three_kinds_of_webp_are_all_there():
    assert {PICTURES[name][12:16] for name in PICTURES if name.startswith("webp")} == {b"VP8 ", b"VP8L", b"VP8X"}


@pytest.mark.parametrize("name", ["png", "gif", "jpeg", "webp", "webp lossless", "webp moving"])
def test_a_picture_cut_within_its_header_is_none_and_behind_it_the_same(name):
    data = PICTURES[name]
    heads = [pieces[0] for pieces in cuttings(data[:800]) if len(pieces) == 2]
    seen = [look(head) is not None for head in heads]
    assert seen == sorted(seen), "once known, always known"
    assert not seen[0]
    assert seen[-1]
    assert {look(head) for head in heads} == {None, look(data)}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a" + bytes(20),
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0dIHDR" + bytes(30),
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\x0eIHDR" + b"\1" * 30,
        b"\xff\xd8\xff\xe0\0\1" + bytes(30),
        b"\xff\xd8\xff\xda\0\4\0\0\xff\xc0\0\x11\x08\0\1\0\1",
        b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\x05" + bytes(30),
        b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 30,
        b"RIFF\0\0\0\0WEBPALPH" + b"\1" * 30,
        b"RIFF\0\0\0\0WAVEVP8X" + b"\1" * 30,
        b"BM" + b"\1" * 60,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 3,
    ],
)
def test_what_is_no_picture_of_the_four_is_none(data):
    assert look(data) is None


def test_fillings_and_lone_markers_before_the_frame():
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 8, 8, 40, 30, 0)
    assert look(b"\xff\xd8\xff\xff\xff\xfe\0\4ab\xff\x01\xff\xd0" + frame) == Picture("jpeg", 30, 40)


@pytest.mark.parametrize("filling", [b"\xff", b"\xff\x01", b"\xff\xd0\xff", b"\xff\xfe\0\2", b"\xff\xe1\0\3x"])
def test_a_jpeg_of_nothing_but_fillings_and_markers_costs_next_to_nothing(filling):
    """A thousandth of what it would take to walk all of it."""
    data = b"\xff\xd8" + filling * (4_000_000 // len(filling))
    text = base64.b64encode(data).decode()
    began = time.process_time()
    assert look(data) is None
    assert glance(text) is None
    assert time.process_time() - began < 0.1


def test_a_frame_is_found_behind_megabytes_of_previews():
    segment = b"\xff\xe2\xff\xff" + b"\xff" * 65_533
    data = b"\xff\xd8" + segment * 80 + b"\xff\xff\xc2" + struct.pack(">HBHHB", 8, 8, 40, 30, 0)
    assert len(data) > 5_000_000
    assert look(data) == Picture("jpeg", 30, 40) == glance(base64.b64encode(data + b"\0" * 9).decode())
    assert look(data[:-4]) is None


def test_what_cannot_be_a_picture_any_more_is_not_decoded_further(monkeypatch):
    taken = []
    real = pictures.binascii.a2b_base64

    class Counting:
        @staticmethod
        def a2b_base64(text):
            taken.append(len(text))
            return real(text)

    monkeypatch.setattr(pictures, "binascii", Counting)
    for data in (b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xda", b"\xff\xd8" + b"\xff" * 9000):
        taken.clear()
        assert glance(base64.b64encode(data + bytes(1_000_000)).decode()) is None
        assert taken == [8 * 1024]


@given(st.sampled_from([*PICTURES.values(), b""]), st.integers(0, 60), st.binary(max_size=80))
def test_no_bytes_are_too_strange(data, keep, rest):
    found = look(data[:keep] + rest)
    assert found is None or (found.width > 0 and found.height > 0)


@given(st.sampled_from(list(PICTURES.values())), st.integers(0, 200), st.text(max_size=40))
def test_a_glance_at_any_text_is_a_look_at_its_bytes(data, keep, rest):
    text = base64.b64encode(data).decode()[:keep] + rest
    found = glance(text)
    if bare(text):
        assert found == look(base64.b64decode(text, validate=True))
        assert decode(text) == base64.b64decode(text)


@given(st.binary())
def test_base64_as_clients_write_it(data):
    plain = base64.b64encode(data).decode()
    assert bare(plain) is bool(data)
    lines = "\r\n".join(plain[at : at + 76] for at in range(0, len(plain), 76))
    for text in (
        plain,
        plain.rstrip("="),
        lines + "\n",
        base64.urlsafe_b64encode(data).decode(),
        f"data:image/png;base64,{plain}",
        f"DATA:image/png;name=a.png;BASE64, {lines}",
        "data:;base64," + plain.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    ):
        assert decode(text) == data


@pytest.mark.parametrize(
    "text", ["a", "abcde", "ab=d", "a===", "äöüß", "data:image/png,abcd", "data:image/png;base64", "ab*d", "\ud800abc"]
)
def test_what_is_no_base64(text):
    assert decode(text) is None
    assert not bare(text)


@pytest.mark.parametrize("text", ["", "ab", "ab==\n", " abcd", "ab-_", "abcd====", "=abc", "a=bc", "ab=="[:3], "data:;base64,abcd"])
def test_what_is_not_bare(text):
    assert not bare(text)
