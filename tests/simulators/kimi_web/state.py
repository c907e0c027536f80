"""What the simulator remembers: nonces, queued faults and scripts, and what was asked of it."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Route = Literal["chat", "page"]
KEPT_REQUESTS = 1000


@dataclass(slots=True)
class Settings:
    """Switches of the whole simulator.

    `page` names a spelling of pages.PAGES. `denial` names how a bad nonce is answered, see faults.DENIALS.
    `nonce_life` is seconds. `per_visit`: each visit of the page gets a nonce of its own, which WordPress does for
    people who are signed in; others get the same for hours. `most_characters` bounds a message.
    """

    page: str = "var"
    denial: str = "minus-one"
    nonce_life: float = 12 * 3600.0
    per_visit: bool = False
    echo: bool = False
    most_characters: int = 1_000_000


@dataclass(slots=True)
class Fault:
    """An answer instead of the real one, `times` times. `delay` is seconds."""

    route: Route
    status: int
    body: str
    headers: Mapping[str, str]
    times: int
    delay: float


@dataclass(slots=True)
class Recorded:
    """One post, filled in as it is answered."""

    number: int
    headers: dict[str, str]
    fields: dict[str, str]
    status: int = 0
    rule: str = ""
    script: str = ""
    bytes_sent: int = 0
    finished: bool = False
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A script waiting for its request."""

    name: str
    options: Mapping[str, Any]


@dataclass
class State:
    """All of it. `clock` gives seconds; only differences matter."""

    clock: Callable[[], float]
    settings: Settings = field(default_factory=Settings)
    nonces: dict[str, float] = field(default_factory=dict)
    nonce: str = ""
    faults: list[Fault] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    requests: deque[Recorded] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    rejections: list[str] = field(default_factory=list)
    visits: int = 0
    posts: int = 0
    issued: int = 0
    live: int = 0
    aborted: int = 0

    def shown(self) -> str:
        """The nonce that the page shows now."""
        if self.settings.per_visit or self.known(self.nonce) != "good":
            self.rotate(expire=False)
        return self.nonce

    def rotate(self, *, expire: bool = True) -> None:
        """A new nonce; with `expire` the ones before are taken no more."""
        if expire:
            self.nonces = dict.fromkeys(self.nonces, 0.0)
        self.issued += 1
        self.nonce = hashlib.sha256(f"nonce {self.issued}".encode()).hexdigest()[:10]
        self.nonces[self.nonce] = self.clock() + self.settings.nonce_life

    def known(self, nonce: str) -> Literal["good", "dead", "unknown"]:
        until = self.nonces.get(nonce)
        return "unknown" if until is None else "good" if until > self.clock() else "dead"

    def fault(self, route: Route) -> Fault | None:
        """The next queued fault, used up by being taken."""
        for fault in self.faults:
            if fault.route == route:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def reset(self) -> None:
        """Forget what was asked and queued; nonces and settings stay."""
        for memory in (self.faults, self.planned, self.requests, self.rejections):
            memory.clear()
        self.visits = self.posts = self.aborted = 0

    def counters(self) -> dict[str, Any]:
        return {
            "visits": self.visits,
            "posts": self.posts,
            "rejections": dict(Counter(self.rejections)),
            "live": self.live,
            "aborted": self.aborted,
        }
