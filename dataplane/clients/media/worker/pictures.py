"""Pictures recoded until they fit: sides first, then quality, then sides again."""

import base64
import io
import struct
import warnings
from collections.abc import Iterator

from PIL import Image, ImageOps

from dataplane.clients.media.job import Job, Piece

# What is opened, first what Pillow has at hand. Left out are formats that it has other programs draw, and those nobody sends.
OPENED = ("PNG", "JPEG", "GIF", "BMP", "PPM", "WEBP", "TIFF", "ICO", "ICNS", "AVIF", "JPEG2000", "PCX", "TGA", "DIB", "QOI", "PSD")
# A picture of more is a bomb, or of no use to a model.
MAX_PIXELS = 100_000_000
# Up to this many pixels a picture is kept without loss: that costs little, and small ones are often drawings or text.
SMALL = 1_000_000
QUALITIES = (90, 80, 65)
# How many times too large a picture may be for a lower quality to be worth its time.
HOPELESS = 3
# How much smaller the sides get, at least, when no quality was low enough.
SHRINK = 0.75
LEAST_SIDE = 16

# What Pillow raises for bytes that are not what they should be.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, RuntimeError)

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


class Unfit(Exception):
    """Why nothing can be made of a file, in words for the client."""


def recode(job: Job, data: bytes) -> Piece:
    """The picture as `job` wants it; of a moving one the first frame. Raises Unfit."""
    image = plain(opened(job, data))
    image.info = {}  # the pixels only: no place, no camera, no profile
    return encode(job, image)


def opened(job: Job, data: bytes) -> Image.Image:
    """The picture, the way up that it was taken, no larger than it has to be."""
    try:
        image: Image.Image = Image.open(io.BytesIO(data), formats=OPENED)
        if image.width * image.height > MAX_PIXELS:
            raise Unfit(BOMB)
        image.draft("RGB", (job.side, job.side))  # a JPEG can be decoded at a fraction of its size
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unfit(BOMB) from error
    except BROKEN as error:
        raise Unfit(unreadable(data)) from error
    return image


def unreadable(data: bytes) -> str:
    """What to tell about a file that does not open."""
    if b"<svg" in data[:4096].lower():
        return "it is an SVG drawing; send it as PNG"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "it is an HEIC picture; send it as JPEG or PNG"
    if data.startswith(b"%PDF-"):
        return "it is a PDF; send it as a file, not as a picture"
    return "it is no whole picture of a known format; send PNG, JPEG, GIF or WebP"


def plain(image: Image.Image) -> Image.Image:
    """`image` in a mode that all formats have: L, RGB, P, or RGBA if some of it really is transparent."""
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    if image.mode == "P" and "transparency" not in image.info:
        return image
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        return _levelled(image)
    if image.has_transparency_data:
        clear = image if image.mode == "RGBA" else image.convert("RGBA")
        return clear if clear.getchannel("A").getextrema() != (255, 255) else clear.convert("RGB")
    return image.convert("L" if image.mode == "1" else "RGB")


def _levelled(image: Image.Image) -> Image.Image:
    """Greys of more than eight bits, brought to eight; a plain conversion would cut them off."""
    low, high = (0.0, 65535.0) if image.mode.startswith("I;16") else image.convert("F").getextrema()
    scale = 255.0 / ((float(high) - float(low)) or 1.0)  # type: ignore[arg-type]  # pairs of pairs are of pictures with bands
    return image.convert("F").point(lambda value: value * scale - float(low) * scale).convert("L")  # type: ignore[arg-type]


def encode(job: Job, image: Image.Image) -> Piece:
    """`image` within the limits of `job`. Raises Unfit."""
    side = min(job.side, max(image.size))
    while True:
        excess = 1.0
        fitted = scaled(image, side)
        for kind, quality in attempts(job, image.mode, fitted):
            data = base64.b64encode(saved(fitted, kind, quality))
            excess = len(data) / job.max_base64
            if excess <= 1:
                return Piece(media_type=f"image/{kind}", data=data.decode())
            if quality and excess > HOPELESS:
                break
        if side < LEAST_SIDE:
            raise Unfit("it cannot be made small enough")
        side = int(side * min(SHRINK, excess**-0.5))


def attempts(job: Job, mode: str, image: Image.Image) -> Iterator[tuple[str, int]]:
    """Formats and qualities to try, the best first. Without loss what is drawn rather than taken, or small."""
    allowed = [kind for kind in ("png", "webp", "jpeg") if f"image/{kind}" in job.formats]
    if "png" in allowed and (mode in ("P", "RGBA") or image.width * image.height <= SMALL or len(allowed) == 1):
        yield "png", 0
    lossy = "webp" if "webp" in allowed and (mode == "RGBA" or "jpeg" not in allowed) else "jpeg"
    if lossy in allowed:
        yield from ((lossy, quality) for quality in QUALITIES)


def scaled(image: Image.Image, side: int) -> Image.Image:
    """`image` with its longer side at `side`, its ratio kept."""
    longer = max(image.size)
    if longer <= side:
        return image
    size = (max(1, round(image.width * side / longer)), max(1, round(image.height * side / longer)))
    smooth = image.convert("RGB") if image.mode == "P" else image  # colours of a palette cannot be mixed
    return smooth.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def saved(image: Image.Image, kind: str, quality: int) -> bytes:
    out = io.BytesIO()
    if kind == "png":
        image.save(out, "PNG")
    elif kind == "webp":
        (image if image.mode == "RGBA" else image.convert("RGB")).save(out, "WEBP", quality=quality)
    else:
        opaque(image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def opaque(image: Image.Image) -> Image.Image:
    """`image` as JPEG can hold it, on white where it is transparent."""
    if image.mode == "RGBA":
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


BOMB = f"it has more than {MAX_PIXELS // 1_000_000} million pixels"
