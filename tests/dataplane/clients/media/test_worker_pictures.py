"""Pictures recoded: what comes out is whole, within its limits, and the same each time."""

import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dataplane.clients.media.job import Job
from dataplane.clients.media.worker import pictures
from dataplane.clients.media.worker.pictures import Unfit, recode
from dataplane.wire.pictures import glance
from tests.dataplane.clients.media.files import moving, noise, opened, picture, saved

LIMIT = 5 * 1024 * 1024
ALL = ("image/gif", "image/jpeg", "image/png", "image/webp")
JOB = Job("picture", ALL, LIMIT, 8000)


def made(data, job=JOB):
    """The recoded picture, after its limits and its type were checked."""
    piece = recode(job, data)
    assert len(piece.data) <= job.max_base64
    assert piece.media_type in job.formats
    assert glance(piece.data).media_type == piece.media_type
    image = opened(piece.data)
    assert max(image.size) <= job.side
    assert recode(job, data) == piece
    return image


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "JPEG2000", "AVIF", "TGA", "DIB", "PCX", "PNG", "JPEG", "GIF", "WEBP"])
def test_I02_every_known_format_becomes_one_that_is_taken(kind):
    image = made(picture(kind, (64, 64) if kind == "ICO" else (40, 30)))
    assert image.size == ((64, 64) if kind == "ICO" else (40, 30))
    assert image.convert("RGB").getpixel((39, 0)) < (60, 60, 60)


def test_I05_a_long_picture_keeps_its_ratio():
    assert made(picture("PNG", (9000, 100))).size == (8000, 89)
    assert made(picture("PNG", (9000, 1))).size == (8000, 1)


def test_I04_a_large_screenshot_is_made_small_enough():
    data = saved(noise((2200, 1850)), "PNG")
    assert len(data) > 12_000_000
    image = made(data)
    assert image.format == "JPEG"
    assert image.size == (2200, 1850)


def test_I04_when_no_quality_is_low_enough_the_sides_shrink():
    image = made(saved(noise((600, 600)), "PNG"), Job("picture", ALL, 20_000, 8000))
    assert 100 < image.width == image.height < 600


def test_a_limit_that_nothing_fits_is_refused():
    with pytest.raises(Unfit, match="small enough"):
        recode(Job("picture", ALL, 100, 8000), picture("PNG"))


def test_small_pictures_and_those_with_colours_of_a_palette_are_kept_without_loss():
    assert made(picture("BMP", (900, 900))).format == "PNG"
    assert made(picture("BMP", (1200, 900))).format == "JPEG"
    assert made(saved(Image.new("RGB", (1200, 900), "teal").quantize(4), "BMP")).format == "PNG"
    assert made(picture("BMP", (8, 8))).size == (8, 8)


def test_transparency_is_kept_where_it_can_be_and_else_stands_on_white():
    clear = Image.new("RGBA", (1200, 1200), (255, 0, 0, 0))
    data = saved(clear, "TIFF")
    assert made(data).getpixel((5, 5))[3] == 0
    assert made(data, Job("picture", ("image/webp",), LIMIT, 8000)).getpixel((5, 5))[3] == 0
    assert made(data, Job("picture", ("image/jpeg",), LIMIT, 8000)).getpixel((5, 5)) == (255, 255, 255)


def test_transparency_that_is_not_used_costs_nothing():
    assert made(saved(noise((1200, 1200)).convert("RGBA"), "PNG")).format == "JPEG"


def test_a_picture_lies_as_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    turned = made(picture("JPEG", (60, 20), exif=exif))
    assert turned.size == (20, 60)
    assert not turned.getexif()


def test_of_a_moving_picture_the_first_frame_is_taken():
    for kind in ("GIF", "WEBP"):
        image = made(moving(kind, (300, 200)), Job("picture", ALL, LIMIT, 100))
        assert image.size == (100, 67)
        assert image.convert("RGB").getpixel((50, 30))[2] > 200
        assert getattr(image, "n_frames", 1) == 1


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_of_pixels(mode):
    assert made(saved(Image.new(mode, (40, 30)), "TIFF")).size == (40, 30)


def test_greys_of_sixteen_bits_are_not_cut_off():
    ramp = Image.new("I;16", (256, 1))
    for x in range(256):
        ramp.putpixel((x, 0), x * 257)
    image = made(saved(ramp, "PNG"))
    assert all(abs(image.getpixel((x, 0)) - x) <= 1 for x in range(256))


def test_without_png_and_jpeg_what_is_left_is_used():
    assert made(picture("BMP", (1200, 900)), Job("picture", ("image/webp",), LIMIT, 8000)).format == "WEBP"
    assert made(picture("BMP", (1200, 900)), Job("picture", ("image/png",), LIMIT, 8000)).format == "PNG"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"", "no whole picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "no whole picture"),
        (picture("PNG")[:60], "no whole picture"),
        (picture("JPEG", (900, 900))[:2000], "no whole picture"),
    ],
)
def test_what_does_not_open_is_told(data, why):
    with pytest.raises(Unfit, match=why):
        recode(JOB, data)


def test_a_bomb_is_refused_by_its_header():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (10_001, 60_000):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
        with pytest.raises(Unfit, match="million pixels"):
            recode(JOB, b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))


SAMPLES = [picture(kind) for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "ICO", "AVIF", "JPEG2000")]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.sampled_from(SAMPLES), st.integers(0, 2**32), st.integers(1, 8))
def test_damaged_pictures_are_recoded_or_refused(data, seed, wounds):
    chance, damaged = random.Random(seed), bytearray(data)
    for _ in range(wounds):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    try:
        piece = recode(Job("picture", ALL, LIMIT, 200), bytes(damaged))
    except (Unfit, MemoryError):
        return
    assert glance(piece.data) is not None


def test_what_pillow_would_have_another_program_draw_is_not_opened():
    assert "EPS" not in pictures.OPENED
