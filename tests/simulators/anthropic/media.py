"""Rules about pictures and files."""

import base64
import binascii
from collections.abc import Iterator

from tests.simulators.anthropic.request import Block, Request
from tests.simulators.serving.pictures import sniff

ENCODED_BYTES = 5 * 1024 * 1024
MAX_COUNT = 100
MANY = 20  # above this, each side may only have FEW_PIXELS
FEW_PIXELS = 2000
MAX_PIXELS = 8000
MEDIA = ("image/jpeg", "image/png", "image/gif", "image/webp")
SOURCES: dict[str, dict[str, frozenset[str]]] = {
    "image": {"base64": frozenset({"media_type", "data"}), "url": frozenset({"url"}), "file": frozenset({"file_id"})},
    "document": {
        "base64": frozenset({"media_type", "data"}),
        "text": frozenset({"media_type", "data"}),
        "url": frozenset({"url"}),
        "file": frozenset({"file_id"}),
        "content": frozenset({"content"}),
    },
}


def sources(request: Request) -> str | None:
    for block in _media(request):
        source = block.raw["source"]
        kind = source.get("type")
        path = f"{block.path}.{block.kind}.source"
        if kind not in SOURCES[block.kind]:
            tags = ", ".join(f"'{each}'" for each in SOURCES[block.kind])
            return f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
        for name in SOURCES[block.kind][kind]:
            if name not in source:
                return f"{path}.{kind}.{name}: Field required"
        for name in source:
            if name not in SOURCES[block.kind][kind] | {"type"}:
                return f"{path}.{kind}.{name}: Extra inputs are not permitted"
        if kind == "url" and not str(source["url"]).startswith(("http://", "https://")):
            return f"{path}.url.url: Only HTTP and HTTPS URLs are supported."
    return None


def images(request: Request) -> str | None:
    many = sum(block.kind == "image" for block in request.nested()) > MANY
    for block in _media(request):
        if block.kind == "image" and block.raw["source"]["type"] == "base64" and (found := _image(block, many=many)):
            return found
    return None


def documents(request: Request) -> str | None:
    for block in _media(request):
        source = block.raw["source"]
        if block.kind != "document" or source["type"] not in ("base64", "text"):
            continue
        wanted = {"base64": "application/pdf", "text": "text/plain"}[source["type"]]
        if source["media_type"] != wanted:
            return f"{block.path}.document.source.{source['type']}.media_type: Input should be '{wanted}'"
        if source["type"] == "base64":
            data = _decoded(source["data"])
            if data is None:
                return f"{block.path}.document.source.base64.data: Invalid base64 data"
            if not data.startswith(b"%PDF-"):
                return f"{block.path}.document.source.base64.data: The PDF specified was not valid."
    return None


def count(request: Request) -> str | None:
    found = sum(block.kind == "image" for block in request.nested())
    return f"Too much media: 0 document pages + {found} images > {MAX_COUNT}" if found > MAX_COUNT else None


def _image(block: Block, *, many: bool) -> str | None:
    source, path = block.raw["source"], f"{block.path}.image.source.base64"
    if source["media_type"] not in MEDIA:
        return f"{path}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
    data = _decoded(source["data"])
    if data is None:
        return f"{path}.data: Invalid base64 data"
    length = len(source["data"])
    if length > ENCODED_BYTES:
        return f"{path}: image exceeds 5 MB maximum: {length} bytes > {ENCODED_BYTES} bytes"
    picture = sniff(data)
    if picture is None:
        return f"{path}.data: Could not process image"
    if f"image/{picture.format}" != source["media_type"]:
        return (
            f"{path}: The image was specified using the {source['media_type']} media type, "
            f"but the image appears to be a image/{picture.format} image"
        )
    bound = FEW_PIXELS if many else MAX_PIXELS
    if max(picture.width, picture.height) > bound:
        extent = "max allowed size for many-image requests" if many else "max allowed size"
        return f"{path}.data: At least one of the image dimensions exceed {extent}: {bound} pixels"
    return None


def _media(request: Request) -> Iterator[Block]:
    return (block for block in request.nested() if block.kind in SOURCES)


def _decoded(data: object) -> bytes | None:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) and data else None
    except binascii.Error:
        return None
