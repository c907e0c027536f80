"""Settings that are decided at run time and stored."""

import asyncio
from collections.abc import Callable, Mapping

from controlplane.domain.compression import USUAL, CompressionPolicy
from controlplane.domain.errors import Invalid
from controlplane.policy import open_settings
from controlplane.policy.open_settings import ENABLED, KEEP, MESSAGES, SCHEDULING_MODE, Value
from controlplane.policy.scheduling import Mode
from controlplane.service.ports import SettingStore

__all__ = ["SCHEDULING_MODE", "RuntimeSettings"]


class RuntimeSettings:
    """Read from memory; the database is written first. `installed`: how conversations are shortened unless administrators
    say otherwise; where it is off, they cannot switch it on. `changed` is called when what data planes are told changes,
    `decided` when administrators changed anything.
    """

    def __init__(self, store: SettingStore, installed: CompressionPolicy = USUAL) -> None:
        self._store = store
        self._installed = installed
        self._stored: dict[str, str] = {}
        self._mode = Mode.SMART
        self._compression = installed
        self.changed: Callable[[], None] = lambda: None
        self.decided: Callable[[], None] = lambda: None
        # A change is read, written and remembered as one.
        self._changing = asyncio.Lock()

    @property
    def scheduling_mode(self) -> Mode:
        """How accounts are chosen; asked at every request."""
        return self._mode

    @property
    def compression(self) -> CompressionPolicy:
        """How conversations are shortened from now on."""
        return self._compression

    async def load(self) -> None:
        """Fill memory at the start."""
        self._stored = dict(await self._store.load())
        self._apply()

    def read(self) -> Mapping[str, Value]:
        """What an administrator may see: no secret and no hash. Names: those of `open_settings.KINDS`."""
        return open_settings.in_force(self._stored, self._installed)

    async def change(self, values: Mapping[str, Value]) -> tuple[Mapping[str, Value], Mapping[str, Value]]:
        """Store and apply; None restores the default. What could be read before and after. Raises Invalid for an
        unknown name or value, and for values that do not go together.
        """
        wanted = {name: _text(name, value) for name, value in values.items()}
        if values.get(ENABLED) and not self._installed.enabled:
            raise Invalid(f"{ENABLED} cannot be true where the control plane was started with ENABLE_COMPRESSION=false", ENABLED)
        async with self._changing:
            self._check_keep(wanted)
            before = self.read()
            await self.put(wanted)
            after = self.read()
            if after != before:
                self.decided()
            return before, after

    def hidden(self, name: str) -> str | None:
        """A stored text that administrators never see, such as the hash of a secret."""
        return self._stored.get(name)

    async def put(self, values: Mapping[str, str]) -> None:
        """Store as they are, whatever they are called."""
        await self._store.put(values)
        self._stored.update(values)
        self._apply()

    def _check_keep(self, wanted: Mapping[str, str]) -> None:
        """Raises Invalid. Who changes neither is not troubled with what others left."""
        named = [name for name in (KEEP, MESSAGES) if name in wanted]
        if named and open_settings.crossed({**self._stored, **wanted}, self._installed):
            raise Invalid(f"{KEEP} must be less than {MESSAGES}", named[0])

    def _apply(self) -> None:
        values = self.read()
        before, self._compression = self._compression, open_settings.compression(values)
        self._mode = Mode(str(values[SCHEDULING_MODE]))
        if self._compression != before:
            self.changed()


def _text(name: str, value: Value) -> str:
    """As it is stored. Raises Invalid."""
    if name not in open_settings.KINDS:
        raise Invalid(f"{name}: there is no such setting", name)
    try:
        return open_settings.written(name, value)
    except ValueError as error:
        raise Invalid(f"{name} {error}", name) from None
