"""Settings that are decided at run time and stored."""

from collections.abc import Mapping

from controlplane.domain.errors import Invalid
from controlplane.service.ports import SettingStore


class RuntimeSettings:
    """Read from memory; the database is written first."""

    def __init__(self, store: SettingStore) -> None:
        self._store = store
        self._stored: dict[str, str] = {}

    async def load(self) -> None:
        """Fill memory at the start."""
        self._stored = dict(await self._store.load())

    def read(self) -> Mapping[str, str]:
        """What an administrator may see: no secret and no hash. Names: `schedulingMode`."""
        return {name: self._stored.get(name, default) for name, (default, _) in OPEN.items()}

    async def change(self, values: Mapping[str, str | None]) -> Mapping[str, str]:
        """Store and apply; None restores the default. Raises Invalid for an unknown name or value."""
        wanted: dict[str, str] = {}
        for name, value in values.items():
            if name not in OPEN:
                raise Invalid(f"{name}: there is no such setting", name)
            default, allowed = OPEN[name]
            wanted[name] = default if value is None else value
            if wanted[name] not in allowed:
                raise Invalid(f"{name} is not one of {', '.join(allowed)}", name)
        await self.put(wanted)
        return self.read()

    def hidden(self, name: str) -> str | None:
        """A stored text that administrators never see, such as the hash of a secret."""
        return self._stored.get(name)

    async def put(self, values: Mapping[str, str]) -> None:
        """Store as they are, whatever they are called."""
        await self._store.put(values)
        self._stored.update(values)


# What administrators may change: default, and the values there are.
OPEN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "schedulingMode": ("smart", ("smart",)),
}
