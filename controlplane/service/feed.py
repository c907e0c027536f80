"""What happens, told to those who listen now: consoles that show it without asking again and again.

Each process tells what happens in itself. With several control planes a console hears of the requests that the one
has settled it is connected to; accounts and keys it shows as that one has them.

Nothing is made, kept or compared while nobody listens: requests end on the hot path. Who reads too slowly loses
events and is told so, and nobody else notices.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from controlplane.domain.account import AccountView, Allowance
from controlplane.domain.event import Event, Topic
from controlplane.domain.key import Key
from controlplane.domain.outcome import Entry
from controlplane.service.background import Background
from controlplane.service.keys import Keys
from controlplane.service.usage import KeyUsage

MOST = 64  # who listen at a time
EACH = (4, 12)  # of these from one session or token, and from one user
BOUND = 256  # requests that wait for one listener; of an account or a key only the last word waits
LONGEST = 900.0  # seconds; who still may listen comes again
TICK = 1.0  # seconds between two looks at accounts, and at what keys have spent
TOPICS = frozenset(Topic) - {Topic.RESET}
RESET = Event(Topic.RESET)


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """A key, and what it has spent: see `KeyUsage.of`."""

    key: Key
    spent: Mapping[str, Any]


class Listener:
    """One who listens to some topics, of those called `whose`. Ends by `close`, from either side."""

    def __init__(self, topics: Collection[Topic], whose: Sequence[str], left: Callable[["Listener"], None]) -> None:
        self.topics = frozenset(topics)
        self.whose = whose
        self._left = left
        self._waiting: OrderedDict[object, Event] = OrderedDict()
        self._requests = 0
        self._some = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Take an event that it listens to. Too many at once become one RESET."""
        if event.topic is not Topic.REQUEST:
            self._waiting[event.topic, event.id] = event
        elif self._requests < BOUND:
            self._waiting[object()] = event
            self._requests += 1
        else:
            self._waiting = OrderedDict({RESET.topic: RESET})
            self._requests = 0
        self._some.set()

    async def next(self) -> Event | None:
        """The oldest event that waits; None once it is closed."""
        while not self._closed:
            if self._waiting:
                _, event = self._waiting.popitem(last=False)
                self._requests -= event.topic is Topic.REQUEST
                return event
            self._some.clear()
            await self._some.wait()
        return None

    def close(self) -> None:
        """Listen no more."""
        if not self._closed:
            self._closed = True
            self._waiting.clear()
            self._some.set()
            self._left(self)


class Feed:
    """Takes what happens and hands it on."""

    def __init__(
        self,
        accounts: Callable[[], Sequence[AccountView]],
        keys: Keys,
        usage: KeyUsage,
        background: Background,
        tick: float = TICK,
        longest: float = LONGEST,
    ) -> None:
        self._accounts = accounts
        self._keys = keys
        self._usage = usage
        self._background = background
        self._tick = tick
        self._longest = longest
        self._listeners: dict[Listener, None] = {}  # in the order in which they came
        self._shown: dict[str, tuple[Any, ...]] | None = None  # None: nobody listens to accounts
        self._changed: set[str] = set()  # keys that an administrator changed
        self._spent: set[str] = set()  # who paid for requests that have ended since the last tick
        self._wake = asyncio.Event()
        self._ticking = self._closed = False

    def listen(self, topics: Collection[Topic] = TOPICS, whose: Sequence[str] = ()) -> Listener | None:
        """A listener from now on, for a quarter of an hour at most; None while too many listen. `whose`: names of its
        session or token, and of its user: of each only so many go on, and the newest takes the place of the oldest.
        """
        for name, most in zip(whose, EACH, strict=False):
            own = [one for one in self._listeners if name in one.whose]
            if len(own) >= most:
                own[0].close()
        if len(self._listeners) >= MOST:
            return None
        listener = Listener(topics, whose, self._leave)
        self._listeners[listener] = None
        if self._closed:
            listener.close()
            return listener
        asyncio.get_running_loop().call_later(self._longest, listener.close)
        if Topic.ACCOUNT in topics and self._shown is None:
            self._shown = {view.account.id: seen(view) for view in self._accounts()}
        if not self._ticking:
            self._ticking = True
            self._background.spawn(self._go(), "feed")
        return listener

    def close(self) -> None:
        """End all, and whoever comes yet: the process stops."""
        self._closed = True
        self._end()

    def ended(self, entries: Sequence[Entry]) -> None:
        """These requests have ended. Called for every one there is."""
        if not self._listeners:
            return
        for entry in entries:
            self._tell(Event(Topic.REQUEST, entry.outcome.request_id, entry))
            self._spent.add(entry.key_id)

    def decided(self, entries: Sequence[Entry], new: Collection[str]) -> None:
        """Of these entries those (their lease ids) are of requests that nobody knew to have ended."""
        if self._listeners:
            self.ended(list({entry.outcome.lease_id: entry for entry in entries if entry.outcome.lease_id in new}.values()))

    def key(self, key_id: str) -> None:
        """An administrator made, changed or removed a key."""
        if self._listeners:
            self._changed.add(key_id)
            self._wake.set()

    def settings(self) -> None:
        """An administrator changed settings."""
        if self._listeners:
            self._tell(Event(Topic.SETTINGS))

    def _tell(self, event: Event) -> None:
        for listener in self._listeners:
            if event.topic in listener.topics:
                listener.put(event)

    def _leave(self, listener: Listener) -> None:
        self._listeners.pop(listener, None)
        if not any(Topic.ACCOUNT in one.topics for one in self._listeners):
            self._shown = None
        self._wake.set()

    def _end(self) -> None:
        for listener in tuple(self._listeners):
            listener.close()

    async def _go(self) -> None:
        """As long as anybody listens."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._tick
        try:
            while self._listeners:
                await _until(self._wake, due - loop.time())
                if loop.time() >= due:
                    due = loop.time() + self._tick
                    self._compare()
                    await self._tell_keys(self._spent, gone=False)
                await self._tell_keys(self._changed, gone=True)
        finally:
            # Whatever ended this, nobody shall listen to nothing: who comes again starts it again.
            self._ticking = False
            self._end()
            self._spent.clear()
            self._changed.clear()

    def _compare(self) -> None:
        """Tell which accounts are not what was told last."""
        before, now = self._shown, {}
        if before is None:
            return
        for view in self._accounts():
            account_id = view.account.id
            now[account_id] = state = seen(view)
            if before.get(account_id) != state:
                self._tell(Event(Topic.ACCOUNT, account_id, view))
        for account_id in before.keys() - now.keys():
            self._tell(Event(Topic.ACCOUNT, account_id))
        self._shown = now

    async def _tell_keys(self, key_ids: set[str], *, gone: bool) -> None:
        """How these keys stand, asked of the ledger at once. `gone`: what is no key any more was one; else, it may be
        a caller's own account, or the proxy key.
        """
        wanted = set(key_ids)
        key_ids.clear()
        if not wanted or not any(Topic.KEY in one.topics for one in self._listeners):
            return
        keys = [key for key in self._keys.list() if key.id in wanted]
        for key, spent in zip(keys, await self._usage.all([key.id for key in keys]), strict=True):
            self._tell(Event(Topic.KEY, key.id, KeyStanding(key, spent)))
        for key_id in wanted - {key.id for key in keys} if gone else ():
            self._tell(Event(Topic.KEY, key_id))


async def _until(wake: asyncio.Event, seconds: float) -> None:
    """Until somebody wakes us, or so long."""
    timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), wake.set)
    await wake.wait()
    timer.cancel()
    wake.clear()


def seen(view: AccountView) -> tuple[Any, ...]:
    """What of an account's view is worth an event: not the sums, which grow with each request, nor when somebody
    looked. As fine as it is shown.
    """
    allowance = view.allowance
    return (*_plain(view), allowance and _left(allowance), round(view.latency, 3))


def _all_but(kind: type[Any], *names: str) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(field.name for field in fields(kind) if field.name not in names))


_plain = _all_but(AccountView, "counters", "allowance", "latency")
_left = _all_but(Allowance, "checked_at")
