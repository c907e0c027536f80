"""Settings that are decided at run time and stored."""

import asyncio
from collections.abc import Mapping

from controlplane.domain.errors import Invalid
from controlplane.policy.scheduling import Mode
from controlplane.service.ports import SettingStore


class RuntimeSettings:
    """Read from memory; the database is written first."""

    def __init__(self, store: SettingStore) -> None:
        self._store = store
        self._stored: dict[str, str] = {}
        self._mode = Mode.SMART
        # A change is read, written and remembered as one.
        self._changing = asyncio.Lock()

    @property
    def scheduling_mode(self) -> Mode:
        """How accounts are chosen; asked at every request."""
        return self._mode

    async def load(self) -> None:
        """Fill memory at the start."""
        self._stored = dict(await self._store.load())
        self._apply()

    def read(self) -> Mapping[str, str]:
        """What an administrator may see: no secret and no hash. Names: `schedulingMode`."""
        return {name: self._open(name) for name in OPEN}

    async def change(self, values: Mapping[str, str | None]) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Store and apply; None restores the default. What could be read before and after. Raises Invalid for an
        unknown name or value.
        """
        wanted: dict[str, str] = {}
        for name, value in values.items():
            if name not in OPEN:
                raise Invalid(f"{name}: there is no such setting", name)
            default, allowed = OPEN[name]
            wanted[name] = default if value is None else value
            if wanted[name] not in allowed:
                raise Invalid(f"{name} is not one of {', '.join(allowed)}", name)
        async with self._changing:
            before = self.read()
            await self.put(wanted)
            return before, self.read()

    def hidden(self, name: str) -> str | None:
        """A stored text that administrators never see, such as the hash of a secret."""
        return self._stored.get(name)

    async def put(self, values: Mapping[str, str]) -> None:
        """Store as they are, whatever they are called."""
        await self._store.put(values)
        self._stored.update(values)
        self._apply()

    def _open(self, name: str) -> str:
        """The value in force. One that a newer release stored and this one does not know is the default."""
        default, allowed = OPEN[name]
        stored = self._stored.get(name, default)
        return stored if stored in allowed else default

    def _apply(self) -> None:
        self._mode = Mode(self._open(SCHEDULING_MODE))


SCHEDULING_MODE = "schedulingMode"
# What administrators may change: default, and the values there are.
OPEN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    SCHEDULING_MODE: (Mode.SMART.value, tuple(mode.value for mode in Mode)),
}
