"""Pictures and PDFs for tests, made where they are needed."""

import base64
import io
import random

from PIL import Image, ImageDraw


def picture(kind, size=(40, 30), mode="RGB", **more):
    """A picture of one colour with a stripe across, as bytes."""
    image = Image.new(mode, size)
    ImageDraw.Draw(image).line((0, 0, *size), fill=1 if mode in ("P", "1") else "white", width=3)
    return saved(image, kind, **more)


def noise(size, seed=1):
    """A picture that nothing makes small."""
    return Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))


def saved(image, kind, **more):
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def moving(kind, size=(40, 30), frames=3):
    first, *others = [Image.new("RGB", size, (80 * n, 0, 255 - 80 * n)) for n in range(frames)]
    return saved(first, kind, save_all=True, append_images=others)


def coded(data):
    return base64.b64encode(data).decode()


def opened(data):
    """The picture of base64 text or bytes, decoded whole."""
    image = Image.open(io.BytesIO(base64.b64decode(data) if isinstance(data, str) else data))
    image.load()
    return image


def pdf(*pages, form=""):
    """A PDF of pages, each given by its content stream; `form` is what was filled into a field of the first page."""
    count = len(pages)
    objects = ["<< /Type /Catalog /Pages 2 0 R%s >>" % (" /AcroForm << /Fields [4 0 R] >>" if form else "")]
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(count))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {count} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    objects.append(_field(5 + 2 * count) if form else "null")
    for n, content in enumerate(pages):
        fields = " /Annots [4 0 R]" if form and n == 0 else ""
        resources = "<< /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources {resources} /Contents {6 + 2 * n} 0 R{fields} >>")
        objects.append(_stream("", content))
    if form:
        objects.append(
            _stream("/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 3 0 R >> >>", words(form, 2, 5))
        )
    return _assembled(objects)


def words(text, x=20, y=100):
    return f"BT /F1 12 Tf {x} {y} Td ({text}) Tj ET"


DRAWING = "0.2 0.4 0.9 rg 20 20 200 120 re f"


def _field(appearance):
    return (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (filled) /F 4 /Rect [20 20 220 40] /P 5 0 R /DA (/F1 12 Tf)"
        f" /AP << /N {appearance} 0 R >> >>"
    )


def _stream(head, content):
    return f"<< {head} /Length {len(content)} >>\nstream\n{content}\nendstream"


def _assembled(objects):
    out, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    tail = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    return out + f"{tail}startxref\n{len(out)}\n%%EOF\n".encode()
