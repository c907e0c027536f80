"""What an API-shaped simulator remembers: accounts and their keys, queued faults and scripts, and what was asked of it."""

import base64
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT_REQUESTS = 1000

Body = Mapping[str, Any] | str
"""JSON, or text that goes out as a page."""


@dataclass(slots=True)
class Account:
    """Who pays, known by one key. `models` are the ids on offer; `vendor` the endpoint it belongs to."""

    id: str
    vendor: str
    key: str
    models: tuple[str, ...]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused request: the answer, and for the test's author the broken `rule` with what broke it."""

    rule: str
    status: int
    body: Body
    detail: str = ""


@dataclass(slots=True)
class Fault:
    """An answer instead of the real one, `times` times. `account` None stands for all. `delay` is seconds."""

    route: str
    account: str | None
    status: int
    reason: str | None = None
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    delay: float = 0.0


@dataclass(slots=True)
class Recorded:
    """One request, filled in as it is answered. `path` is with its query; `account` is "" for an unknown key."""

    number: int
    account: str
    route: str
    path: str
    headers: dict[str, str]
    raw: bytes
    body: Any = None
    status: int = 0
    rule: str | None = None
    detail: str = ""
    script: str = ""
    bytes_sent: int = 0
    finished: bool = False
    aborted: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A script waiting for its request."""

    name: str
    options: Mapping[str, Any]
    account: str | None


@dataclass
class State:
    """All of it. `clock` gives seconds; only differences matter."""

    clock: Callable[[], float]
    seed: str
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    requests: deque[Recorded] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    rejections: list[tuple[Recorded, Rejection]] = field(default_factory=list)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    live: Counter[str] = field(default_factory=Counter)
    aborted: Counter[str] = field(default_factory=Counter)
    serial: int = 0

    def open(self, vendor: str, prefix: str, models: tuple[str, ...]) -> Account:
        """A new account with a key of the vendor's look."""
        name = f"account-{len(self.accounts) + 1}"
        account = Account(name, vendor, prefix + self.random(name, "key", 40), models)
        self.accounts[name] = account
        self.keys[account.key] = name
        return account

    def owner(self, key: str) -> Account | None:
        """The account whose key this is, unless it was revoked."""
        account = self.accounts.get(self.keys.get(key, ""))
        return None if account is None or account.revoked else account

    def fault(self, route: str, account: str) -> Fault | None:
        for fault in self.faults:
            if fault.route == route and fault.account in (None, account):
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    def script(self, account: str) -> Planned | None:
        for planned in self.planned:
            if planned.account in (None, account):
                self.planned.remove(planned)
                return planned
        return None

    def random(self, *facts: Any) -> str:
        """`facts[-1]` characters that look random and are the same in every run with the same seed."""
        length = int(facts[-1])
        name = "\n".join(map(str, (self.seed, *facts)))
        digest = hashlib.shake_256(name.encode()).digest(length)
        return base64.urlsafe_b64encode(digest).decode().replace("-", "x").replace("_", "y")[:length]

    def reset(self) -> None:
        """Forget what was asked and queued; accounts, keys and settings stay."""
        for memory in (self.faults, self.planned, self.requests, self.rejections, self.calls, self.aborted):
            memory.clear()

    def counters(self) -> dict[str, Any]:
        return {
            "calls": {f"{account}/{route}": times for (account, route), times in self.calls.items()},
            "rejections": dict(Counter(rejection.rule for _, rejection in self.rejections)),
            "live": self.live.total(),
            "aborted": self.aborted.total(),
        }

    def now(self) -> dict[str, Any]:
        """What is under way, in all and by account."""
        by_account = {name: {"in_flight": self.live[name], "aborted": self.aborted[name]} for name in self.accounts}
        return {"in_flight": self.live.total(), "aborted": self.aborted.total(), "accounts": by_account}
