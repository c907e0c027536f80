"""The Converter port: what fits is left alone, what does not is fetched, recoded, read.

Pictures are looked at here, by their first bytes; to decode them is a worker's task.
"""

import asyncio
import base64
import hashlib
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from dataplane.clients.fetching import Fetcher
from dataplane.clients.media import texts
from dataplane.clients.media.job import Job, Piece, packed
from dataplane.clients.media.loading import Loader
from dataplane.clients.media.memory import Memory, Pieces
from dataplane.clients.media.workers import FAILED, Workers
from dataplane.conversation.model import Document, Image, Media, Text
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import MediaRules
from dataplane.wire.pictures import bare, glance, look

T = TypeVar("T")
Given = Text | Image | Document

# How long a worker may take for one file.
SECONDS = 20.0
# Results that are remembered.
MEMORY_BYTES = 32 * 1024 * 1024
# How many files are fetched at a time, for all requests.
MAX_FETCHES = 8
# The longer side of a page's picture: more would be scaled down by the model's provider.
PAGE_SIDE = 1568


class MediaConverter:
    """The Converter port. To be made inside the running loop; `close` ends its processes."""

    def __init__(self, fetcher: Fetcher, *, seconds: float = SECONDS) -> None:
        self._fetcher = fetcher
        self._fetches = asyncio.Semaphore(MAX_FETCHES)
        self._workers = Workers(seconds)
        self._memory = Memory(MEMORY_BYTES)
        # One at a time for the same file, as the next one will find the result remembered.
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def convert(self, media: Sequence[Media], rules: MediaRules) -> list[Sequence[Given]]:
        loader = Loader(self._fetcher, self._fetches)
        places: list[list[Given]] = [[part] for part in media]
        if not rules.documents and any(isinstance(part, Document) for part in media):
            places = await together(self._read(part, rules, loader) for part in media)
        # Pages of files count as well, so files come first.
        count = sum(isinstance(part, Image) for place in places for part in place)
        side = min(rules.many_side, rules.max_side) if count > rules.many else rules.max_side
        return list(await together(self._fit_all(place, rules, side, loader) for place in places))

    async def close(self) -> None:
        await self._workers.close()

    # ---- files

    async def _read(self, part: Media, rules: MediaRules, loader: Loader) -> list[Given]:
        """A file as texts and pictures, which may be too large still; a picture as it is."""
        if isinstance(part, Image):
            return [part]
        if not part.data and not part.url:
            return [Text(texts.headed(part.name, part.text))]
        job = paged(rules)
        if pieces := self._recalled(part, job):
            return pages(part, pieces)
        data, media_type = await loader.load(part)
        if media_type == "application/pdf" or data[:1024].lstrip().startswith(b"%PDF-"):
            return pages(part, await self._made(part, job, data))
        if look(data) or media_type.startswith("image/"):
            return [Image(data=base64.b64encode(data).decode(), where=part.where)]
        text = texts.read(data, media_type)
        if text is None:
            raise refused(part, f"a file of type {media_type or 'unknown'} cannot be read; send a PDF, text or a picture")
        return [Text(texts.headed(part.name, text))]

    # ---- pictures

    async def _fit_all(self, place: Sequence[Given], rules: MediaRules, side: int, loader: Loader) -> list[Given]:
        return [await self._fit(part, rules, side, loader) if isinstance(part, Image) else part for part in place]

    async def _fit(self, image: Image, rules: MediaRules, side: int, loader: Loader) -> Image | Text:
        if not image.url and (fitting := fit(image, rules, side)):
            return fitting
        job = Job("picture", tuple(sorted(rules.formats)), rules.max_base64, side)
        pieces = self._recalled(image, job)
        if pieces is None:
            data, _ = await loader.load(image)
            clean = Image(data=base64.b64encode(data).decode(), where=image.where)
            if fitting := fit(clean, rules, side):
                return fitting
            pieces = await self._made(image, job, data)
        return replaced(image, pieces[0])

    # ---- both

    def _recalled(self, part: Media, job: Job) -> Pieces | None:
        """What was made of the same base64 before: known without decoding it, which takes far longer."""
        return self._memory.get(key(job, part.data.encode())) if part.data else None

    async def _made(self, part: Media, job: Job, data: bytes) -> Pieces:
        """What a worker makes of a file, or made of the same file at another URL."""
        known = key(job, part.data.encode() or data)
        async with self._turns.setdefault(known, asyncio.Lock()):
            pieces = self._memory.get(known)
            if pieces is None:
                answer = await self._workers.do(packed(job, data))
                if answer.error or not answer.pieces:
                    raise refused(part, answer.error or FAILED)
                pieces = answer.pieces
                self._memory.put(known, pieces)
        return pieces


def fit(image: Image, rules: MediaRules, side: int) -> Image | None:
    """The picture, under its true type, if it may be sent as it is; None when it has to be changed."""
    if len(image.data) > rules.max_base64 or not bare(image.data):
        return None
    found = glance(image.data)
    if found is None or found.media_type not in rules.formats or found.side > side:
        return None
    return image if image.media_type == found.media_type else replace(image, media_type=found.media_type)


def paged(rules: MediaRules) -> Job:
    """The job for a PDF; its pages' pictures fit however many there are."""
    side = min(PAGE_SIDE, rules.max_side, rules.many_side)
    return Job("pdf", tuple(sorted(rules.formats)), rules.max_base64, side, rules.pages)


def pages(part: Document, pieces: Pieces) -> list[Given]:
    """Texts and pictures of a PDF; in front is a text, as each page begins with its number."""
    return [Text(texts.headed(part.name, pieces[0].text)), *(replaced(part, piece) for piece in pieces[1:])]


def key(job: Job, content: bytes) -> bytes:
    """By what a result is remembered."""
    return hashlib.sha256(packed(job, content)).digest()


def replaced(part: Media, piece: Piece) -> Image | Text:
    return Text(piece.text) if piece.text else Image(piece.media_type, piece.data, where=part.where)


def refused(part: Media, reason: str) -> InvalidRequest:
    what = "picture" if isinstance(part, Image) else "file"
    return InvalidRequest(f"{part.where or what}: the {what} cannot be used: {reason}", param=part.where or None)


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """All results in order; the first failure ends the others and is raised as itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
