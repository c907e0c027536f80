"""The bytes of pictures and files, wherever they are: in the request, or at a URL."""

import asyncio
from typing import NamedTuple

from dataplane.clients.fetching import Fetcher
from dataplane.conversation.model import Media
from dataplane.errors import InvalidRequest
from dataplane.wire.pictures import decode

# What one request may have fetched, twice the largest body that it may have by default.
REQUEST_BYTES = 64 * 1024 * 1024


class Loaded(NamedTuple):
    """A file; `media_type` as the client says, else as the file's server says."""

    data: bytes
    media_type: str


class Loader:
    """Loads for one request; `turns` bounds how much is fetched at a time."""

    def __init__(self, fetcher: Fetcher, turns: asyncio.Semaphore) -> None:
        self._fetcher = fetcher
        self._turns = turns
        self._fetched = 0

    async def load(self, part: Media) -> Loaded:
        """Raises InvalidRequest, naming the path."""
        if part.data or part.url[:5].lower() == "data:":
            data = decode(part.data or part.url)
            if data is None:
                raise InvalidRequest(f"{part.where or 'data'}: this is not base64", param=part.where or None)
            return Loaded(data, part.media_type)
        if not part.url:
            raise InvalidRequest(f"{part.where or 'data'}: there is nothing in it", param=part.where or None)
        return await self._fetch(part)

    async def _fetch(self, part: Media) -> Loaded:
        async with self._turns:
            # Within the turn, so that not more than a few files come in above the limit.
            if self._fetched > REQUEST_BYTES:
                raise InvalidRequest(f"{part.where or 'url'}: together the URLs lead to too much data", param=part.where or None)
            data, content_type = await self._fetcher.fetch(part.url, part.where)
            self._fetched += len(data)
            return Loaded(data, part.media_type or content_type)
