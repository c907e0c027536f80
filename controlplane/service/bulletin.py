"""What data planes know without asking: the models, and how conversations are shortened."""

import asyncio
from collections.abc import Sequence

from controlplane.domain.compression import CompressionPolicy
from controlplane.domain.model import ListedModel
from controlplane.service.catalogue import Catalogue
from controlplane.service.runtime_settings import RuntimeSettings


class Bulletin:
    """Read where it is kept; this wakes those who wait for a change of any of it."""

    def __init__(self, catalogue: Catalogue, settings: RuntimeSettings) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._version = 1
        self._changed = asyncio.Event()
        catalogue.changed = settings.changed = self._tell

    @property
    def version(self) -> int:
        """Grows with each change within one run."""
        return self._version

    def models(self) -> Sequence[ListedModel]:
        """As the catalogue has them."""
        return self._catalogue.models()

    @property
    def compression(self) -> CompressionPolicy:
        """As administrators decided it."""
        return self._settings.compression

    async def change(self, seen: int) -> None:
        """Wait until the version is no longer `seen`."""
        while self._version == seen:
            await self._changed.wait()

    def _tell(self) -> None:
        self._version += 1
        self._changed.set()
        self._changed = asyncio.Event()
