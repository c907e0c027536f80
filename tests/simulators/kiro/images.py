"""Rules on the images of a request."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from tests.simulators.kiro.request import Request, Turn
from tests.simulators.kiro.terms import Terms
from tests.simulators.serving.pictures import Picture, sniff

FORMATS = frozenset({"png", "jpeg", "gif", "webp"})
ENCODED_BYTES = 5 * 1024 * 1024
MAX_COUNT = 100
MANY = 20  # above this, each side may only have FEW_PIXELS
FEW_PIXELS = 2000
MAX_PIXELS = 8000


def shape(request: Request, _: Terms) -> str | None:
    """`{format, source:{bytes}}` with bare base64: no data URL, no white space, no link."""
    for turn, image in request.images:
        if not isinstance(image, dict) or set(image) != {"format", "source"} or not isinstance(image["format"], str):
            return f"form of the image in turn {turn.index}"
        if _bytes(image) is None:
            return f"bytes of the image in turn {turn.index}"
    return None


def count(request: Request, _: Terms) -> str | None:
    found = sum(1 for _ in request.images)
    return f"too many images and documents: {found} + 0 > {MAX_COUNT}" if found > MAX_COUNT else None


def size(request: Request, _: Terms) -> str | None:
    for turn, image in request.images:
        length = len(image["source"]["bytes"])
        if length > ENCODED_BYTES:
            return f"messages.{turn.index}: image exceeds 5 MB maximum: {length} bytes > {ENCODED_BYTES} bytes"
    return None


def known(request: Request, _: Terms) -> str | None:
    for turn, image, picture in _pictures(request):
        if picture is None or image["format"] not in FORMATS:
            return f"image in turn {turn.index} called {image['format']!r}"
    return None


def labelled(request: Request, _: Terms) -> str | None:
    for turn, image, picture in _pictures(request):
        if picture and picture.format != image["format"]:
            return f"image in turn {turn.index} is {picture.format}, called {image['format']}"
    return None


def dimensions(request: Request, _: Terms) -> str | None:
    found = [picture for _, _, picture in _pictures(request) if picture]
    largest = max((max(picture.width, picture.height) for picture in found), default=0)
    if largest > MAX_PIXELS:
        return f"At least one of the image dimensions exceed max allowed size: {MAX_PIXELS} pixels"
    if len(found) > MANY and largest > FEW_PIXELS:
        return f"At least one of the image dimensions exceed max allowed size for many-image requests: {FEW_PIXELS} pixels"
    return None


def seen(request: Request, terms: Terms) -> str | None:
    has_images = any(True for _ in request.images)
    return f"{request.model} takes text only" if has_images and not terms.models[request.model].images else None


def _bytes(image: dict[str, Any]) -> bytes | None:
    source = image["source"]
    if not isinstance(source, dict) or set(source) != {"bytes"} or not isinstance(source["bytes"], str) or not source["bytes"]:
        return None
    try:
        return base64.b64decode(source["bytes"], validate=True)
    except (binascii.Error, ValueError):
        return None


def _pictures(request: Request) -> Iterator[tuple[Turn, dict[str, Any], Picture | None]]:
    for turn, image in request.images:
        yield turn, image, sniff(_bytes(image) or b"")
