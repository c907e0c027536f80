"""The Converter port: what fits is left alone, what does not is fetched, recoded, read.

Pictures are looked at here, by their first bytes; to decode them is a worker's task.
"""

from collections.abc import Sequence

from dataplane.clients.fetching import Fetcher
from dataplane.clients.media.conversion import Conversion, Given
from dataplane.clients.media.loading import Loaders, count
from dataplane.clients.media.memory import Memory
from dataplane.clients.media.workers import Workers
from dataplane.conversation.model import Media
from dataplane.upstreams.base import MediaRules

# How long a worker may take for one file.
SECONDS = 20.0
# Results that are remembered.
MEMORY_BYTES = 32 * 1024 * 1024


class MediaConverter:
    """The Converter port. To be made inside the running loop; `close` ends its processes, and the fetcher."""

    def __init__(self, fetcher: Fetcher, *, seconds: float = SECONDS) -> None:
        self._fetcher = fetcher
        self._loaders = Loaders(fetcher)
        self._workers = Workers(seconds)
        self._memory = Memory(MEMORY_BYTES)

    async def convert(self, media: Sequence[Media], rules: MediaRules) -> list[Sequence[Given]]:
        count(media, rules)
        loader = self._loaders.loader(media)
        found = await Conversion(rules, loader, self._workers.bench(), self._memory).convert(media)
        self._loaders.keep(media, loader)
        return found

    async def close(self) -> None:
        await self._workers.close()
        self._fetcher.close()
