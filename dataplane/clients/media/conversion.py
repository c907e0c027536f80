"""The pictures and files of one request, made fit side by side."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from dataplane.clients.media import texts
from dataplane.clients.media.job import Job, Piece, head
from dataplane.clients.media.loading import Loader
from dataplane.clients.media.memory import Memory, Pieces
from dataplane.clients.media.process import FAILED
from dataplane.clients.media.workers import Bench
from dataplane.conversation.model import Document, Image, Media, Text
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import MediaRules
from dataplane.wire.pictures import bare, glance, look

T = TypeVar("T")
R = TypeVar("R")
Given = Text | Image | Document

# How many parts of a request are worked on at a time: enough that no worker has to wait for the next.
AT_ONCE = 8
# The longer side of a page's picture: more would be scaled down by the model's provider.
PAGE_SIDE = 1568


class Conversion:
    """Converts for one request."""

    def __init__(self, rules: MediaRules, loader: Loader, bench: Bench, memory: Memory) -> None:
        self._rules = rules
        self._loader = loader
        self._bench = bench
        self._memory = memory

    async def convert(self, media: Sequence[Media]) -> list[Sequence[Given]]:
        """As the Converter port has it."""
        rules = self._rules
        places: list[list[Given]] = [[part] for part in media]
        if not rules.documents and any(isinstance(part, Document) for part in media):
            places = await together(self._read, media)
        if not rules.pictures:
            return list(places)
        # Pages of files count as well, so files come first.
        count = sum(isinstance(part, Image) for place in places for part in place)
        side = min(rules.many_side, rules.max_side) if count > rules.many else rules.max_side
        return list(await together(partial(self._fit_all, side=side), places))

    # ---- files

    async def _read(self, part: Media) -> list[Given]:
        """A file as texts and pictures, which may be too large still; a picture as it is."""
        if isinstance(part, Image):
            return [part]
        if not part.data and not part.url:
            return [Text(texts.headed(part.name, part.text))]
        job = paged(self._rules)
        if pieces := self._recalled(part, job):
            return pages(part, pieces)
        data, media_type = await self._loader.load(part)
        if media_type == "application/pdf" or data[:1024].lstrip().startswith(b"%PDF-"):
            return pages(part, await self._made(part, job, data))
        if self._rules.pictures and (look(data) or media_type.startswith("image/")):
            return [Image(data=base64.b64encode(data).decode(), where=part.where)]
        text = texts.read(data, media_type)
        if text is None:
            instead = "a PDF, text or a picture" if self._rules.pictures else "a PDF or text"
            raise refused(part, f"a file of type {media_type or 'unknown'} cannot be read; send {instead}")
        return [Text(texts.headed(part.name, text))]

    # ---- pictures

    async def _fit_all(self, place: Sequence[Given], side: int) -> list[Given]:
        return [await self._fit(part, side) if isinstance(part, Image) else part for part in place]

    async def _fit(self, image: Image, side: int) -> Image | Text:
        rules = self._rules
        if image.url and rules.urls:
            return image
        plain = not image.url and bare(image.data)
        if plain and (fitting := fit(image, rules, side)):
            return fitting
        job = Job("picture", tuple(sorted(rules.formats)), rules.max_base64, side)
        pieces = self._recalled(image, job)
        if pieces is None:
            data, _ = await self._loader.load(image)
            if not plain and (fitting := fit(Image(data=base64.b64encode(data).decode(), where=image.where), rules, side)):
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
        async with self._memory.turn(known):
            pieces = self._memory.get(known)
            if pieces is None:
                answer = await self._bench.do(job, data)
                if answer.error or not answer.pieces:
                    raise refused(part, answer.error or FAILED)
                pieces = answer.pieces
                self._memory.put(known, pieces)
        return pieces


def fit(image: Image, rules: MediaRules, side: int) -> Image | None:
    """The picture, its base64 bare, under its true type, if it may be sent as it is; None when it has to be changed."""
    if len(image.data) > rules.max_base64:
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
    made = hashlib.sha256(head(job))
    made.update(content)
    return made.digest()


def replaced(part: Media, piece: Piece) -> Image | Text:
    return Text(piece.text) if piece.text else Image(piece.media_type, piece.data, where=part.where)


def refused(part: Media, reason: str) -> InvalidRequest:
    what = "picture" if isinstance(part, Image) else "file"
    return InvalidRequest(f"{part.where or what}: the {what} cannot be used: {reason}", param=part.where or None)


async def together(work: Callable[[T], Awaitable[R]], items: Iterable[T]) -> list[R]:
    """All results in order, a few at a time; the first failure ends the others and is raised as itself."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def done(item: T) -> R:
        async with turns:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(done(item)) for item in items]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
