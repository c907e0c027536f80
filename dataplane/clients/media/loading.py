"""The bytes of pictures and files, wherever they are: in the request, or at a URL."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from dataplane.clients.fetching import Fetched, Fetcher
from dataplane.conversation.model import Document, Media
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import MediaRules
from dataplane.wire.pictures import decode

# What one request may have fetched, twice the largest body that it may have by default.
REQUEST_BYTES = 64 * 1024 * 1024
# Different URLs in one request.
REQUEST_URLS = 100
# How many files are fetched at a time, for all requests and for one.
MAX_FETCHES = 8
REQUEST_FETCHES = 4
# How much of what was fetched is kept for another attempt at the same request, and how long.
KEPT_BYTES = 32 * 1024 * 1024
KEPT_SECONDS = 60.0


class Loaded(NamedTuple):
    """A file; `media_type` as the client says, else as the file's server says."""

    data: bytes
    media_type: str


class Loader:
    """Loads for one request, each URL once; `turns` bounds how much is fetched at a time."""

    def __init__(self, fetcher: Fetcher, turns: asyncio.Semaphore) -> None:
        self._fetcher = fetcher
        self._turns = turns
        self._own_turns = asyncio.Semaphore(REQUEST_FETCHES)
        self._decoding = asyncio.Lock()
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._fetched: dict[str, Fetched] = {}
        # Parts that were given a fetched file, by identity, and the bytes of all they were given.
        self._served: set[int] = set()
        self._size = 0

    @property
    def weight(self) -> int:
        """The bytes that were fetched."""
        return sum(len(file.data) for file in self._fetched.values())

    async def load(self, part: Media) -> Loaded:
        """Raises InvalidRequest, naming the path."""
        if distant(part):
            found = await self._fetch(part)
            return Loaded(found.data, part.media_type or found.content_type)
        if not part.data and not part.url:
            raise InvalidRequest(f"{part.where or 'data'}: there is nothing in it", param=part.where or None)
        async with self._decoding:  # one by one, as each may take the loop for a while
            data = decode(part.data or part.url)
            await asyncio.sleep(0)
        if data is None:
            raise InvalidRequest(f"{part.where or 'data'}: this is not base64", param=part.where or None)
        return Loaded(data, part.media_type)

    async def _fetch(self, part: Media) -> Fetched:
        if id(part) in self._served:
            return self._fetched[part.url]
        async with self._locks[part.url]:
            if part.url not in self._fetched:
                async with self._own_turns, self._turns:
                    # Within the turn, so that not more than a few files come in above the limit.
                    self._check(part)
                    self._fetched[part.url] = await self._fetcher.fetch(part.url, part.where)
        self._check(part)
        found = self._fetched[part.url]
        self._served.add(id(part))
        self._size += len(found.data)  # again for each part, as each becomes a picture of its own
        return found

    def _check(self, part: Media) -> None:
        if self._size > REQUEST_BYTES:
            raise InvalidRequest(f"{part.where or 'url'}: together the URLs lead to too much data", param=part.where or None)


class Loaders:
    """A loader for each request, the same for all attempts at it: what was fetched for one is there for the next.

    A request is known by its very list of parts. No other request gets anything of it, as a URL may
    lead to something else the next time.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._turns = asyncio.Semaphore(MAX_FETCHES)
        # By the identity of the list, which is kept as well, so that no other list can have it.
        self._kept: OrderedDict[int, tuple[Sequence[Media], Loader]] = OrderedDict()

    def loader(self, media: Sequence[Media]) -> Loader:
        kept = self._kept.get(id(media))
        return kept[1] if kept else Loader(self._fetcher, self._turns)

    def keep(self, media: Sequence[Media], loader: Loader) -> None:
        """For a while, at the cost of those that were kept for longest."""
        if not 0 < loader.weight <= KEPT_BYTES or id(media) in self._kept:
            return
        self._kept[id(media)] = media, loader
        asyncio.get_running_loop().call_later(KEPT_SECONDS, self._kept.pop, id(media), None)
        while sum(each.weight for _, each in self._kept.values()) > KEPT_BYTES:
            self._kept.popitem(last=False)


def distant(part: Media) -> bool:
    """Whether it has to be fetched."""
    return bool(part.url) and not part.data and part.url[:5].lower() != "data:"


def count(media: Sequence[Media], rules: MediaRules) -> None:
    """Raises InvalidRequest if more has to be fetched than a request may ask for, naming the first part beyond."""
    urls: set[str] = set()
    for part in media:
        wanted = not rules.documents if isinstance(part, Document) else rules.pictures
        if wanted and distant(part):
            urls.add(part.url)
            if len(urls) > REQUEST_URLS:
                told = f"a request can name {REQUEST_URLS} different URLs; send what is there itself"
                raise InvalidRequest(f"{part.where or 'url'}: {told}", param=part.where or None)
