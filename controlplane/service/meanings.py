"""What names mean by one table of them, remembered: clients write a handful, again and again."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TypeVar

from controlplane.policy import naming, routing
from controlplane.policy.naming import Spoken
from controlplane.policy.routing import Named, Table

K = TypeVar("K")
# Clients use a handful of names, so a full memory is one being filled on purpose.
REMEMBERED = 1024
SUGGESTED = 3


class Meanings:
    """The table in force, and what was looked up in it."""

    def __init__(self) -> None:
        self._names = routing.table({}, {}, ())
        self._resolved: dict[str, Named | None] = {}
        self._permitted: dict[tuple[Sequence[str], str], Named | None] = {}
        self._spoken: Sequence[Spoken] | None = None

    def use(self, names: Table) -> None:
        """Use this table from now on; what was looked up is forgotten if it is another one."""
        if names != self._names:
            self._names = names
            self._resolved.clear()
            self._permitted.clear()
            self._spoken = None

    def resolve(self, written: str) -> Named | None:
        """What a client's name means; None when nothing has that name."""
        return _remembered(self._resolved, written, written, lambda: routing.resolve(written, self._names))

    def permitted(self, patterns: tuple[str, ...], written: str) -> Named | None:
        """What of it a key with these patterns may use; None: nothing."""
        return _remembered(self._permitted, (patterns, written), written, lambda: self._allowed(patterns, written))

    def close(self, written: str, usable: Callable[[str], bool]) -> tuple[str, ...]:
        """Up to three names of models or routes that look like `written`, of those that are `usable`."""
        if self._spoken is None:
            self._spoken = routing.spoken(self._names)
        return tuple(islice((name for name in naming.close(written, self._spoken) if usable(name)), SUGGESTED))

    def _allowed(self, patterns: Sequence[str], written: str) -> Named | None:
        named = self.resolve(written)
        return None if named is None else routing.permitted(patterns, named, self._names.pins, self.resolve)


def _remembered(known: dict[K, Named | None], place: K, written: str, find: Callable[[], Named | None]) -> Named | None:
    """What is known, found first where it is not. A name that is longer than any is not remembered."""
    if place in known:
        return known[place]
    if len(known) >= REMEMBERED:
        known.clear()
    named = find()
    if len(written) <= naming.LONGEST:
        known[place] = named
    return named
