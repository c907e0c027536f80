"""What the simulator remembers: accounts and their tokens, queued faults and scripts, and what was asked of it."""

import base64
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulators.kiro.faults import Fault
from tests.simulators.kiro.models import Model, offered
from tests.simulators.kiro.terms import Profile, Rejection, Terms

Method = Literal["social", "builder-id", "idc", "api-key"]
Route = Literal["chat", "refresh", "usage", "models", "profiles", "mcp"]

KEPT_REQUESTS = 1000


@dataclass(slots=True)
class Settings:
    """Switches of the whole simulator. Times are seconds.

    `arn_required` None means: in the runtime profile only. `spelling` is the management path form that exists.
    `page_size` bounds a page of ListAvailableModels. `size_limit` is in estimated tokens, None for the model's window.
    `picky`: schemas are judged as the legacy profile does, whatever the profile (S07, S08).
    """

    profile: Profile = "runtime"
    demo: bool = False
    arn_required: bool | None = None
    spelling: Literal["camel", "dashed", "both"] = "both"
    refresh_delay: float = 0.0
    page_size: int = 50
    size_limit: int | None = None
    metadata: bool = True
    picky: bool = False


@dataclass(slots=True)
class Account:
    """One Kiro account. `token_life` is seconds; `used` and `limit` are credits of the month."""

    id: str
    method: Method
    refresh_token: str
    access_token: str
    profile_arn: str
    models: dict[str, Model]
    plan: str
    token_life: int
    rotates: bool
    used: float
    limit: float
    client_id: str = ""
    client_secret: str = ""
    issued: int = 0


@dataclass(slots=True)
class Recorded:
    """One chat request, filled in as it is answered."""

    number: int
    account: str
    headers: dict[str, str]
    raw: bytes
    endpoint: str = ""
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


@dataclass(slots=True)
class Device:
    """A device sign-in under way; a person ends it on the verification page."""

    user_code: str
    client_id: str
    method: Method
    until: float
    verdict: Literal["pending", "approved", "denied"] = "pending"
    interval: float = 1.0
    asked_at: float = float("-inf")


@dataclass
class State:
    """All of it. `clock` gives seconds; only differences matter."""

    clock: Callable[[], float]
    settings: Settings = field(default_factory=Settings)
    seed: str = "kiro"
    accounts: dict[str, Account] = field(default_factory=dict)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    access_tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    clients: dict[str, str] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)
    requests: deque[Recorded] = field(default_factory=lambda: deque(maxlen=KEPT_REQUESTS))
    rejections: list[Rejection] = field(default_factory=list)
    refreshes: Counter[str] = field(default_factory=Counter)
    refreshes_by_token: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    live: int = 0
    aborted: int = 0
    serial: int = 0

    def open(
        self,
        *,
        method: Method = "social",
        plan: str = "pro",
        token_life: int = 3600,
        rotates: bool = False,
        models: Sequence[str] | None = None,
        used: float = 12.34,
        limit: float = 1000.0,
    ) -> Account:
        """A new account with live tokens. Raises KeyError for an unknown model id, method or plan."""
        name = f"account-{len(self.accounts) + 1}"
        offer = offered(plan, models)
        account = Account(name, method, "", "", ARNS[method], offer, plan, token_life, rotates, used, limit)
        if method == "idc":
            account.profile_arn = IDC_ARN.format(self.random(name, "profile", 12).upper())
        if method in ("idc", "builder-id"):
            account.client_id, account.client_secret = self.random(name, "client", 22), self.random(name, "secret", 200)
        self.accounts[name] = account
        self.issue_access(account)
        if method != "api-key":
            self.issue_refresh(account)
        return account

    def issue_access(self, account: Account) -> None:
        """A fresh access token; earlier ones stay good until their own end."""
        account.issued += 1
        never = account.method == "api-key"
        account.access_token = ("ksk_" if never else "aoaAAAAA") + self.random(account.id, f"access-{account.issued}", 120)
        until = float("inf") if never else self.clock() + account.token_life
        self.access_tokens[account.access_token] = (account.id, until)

    def issue_refresh(self, account: Account) -> None:
        """A fresh refresh token; the one before is dead from now on."""
        self.refresh_tokens.pop(account.refresh_token, None)
        account.refresh_token = "aorAAAAA" + self.random(account.id, f"refresh-{account.issued}", 160)
        self.refresh_tokens[account.refresh_token] = account.id

    def bearer(self, token: str) -> Account | None:
        """Whose live access token this is."""
        name, until = self.access_tokens.get(token, ("", 0.0))
        return self.accounts[name] if name and until > self.clock() else None

    def expire(self, account: Account, *, refresh: bool = False) -> None:
        """All access tokens of the account die, with `refresh` the refresh token as well."""
        self.access_tokens = {token: owner for token, owner in self.access_tokens.items() if owner[0] != account.id}
        if refresh:
            self.refresh_tokens.pop(account.refresh_token, None)

    def fault(self, route: Route, account: str, endpoint: str = "") -> Fault | None:
        """The next queued fault for this route, account and endpoint, used up by being taken."""
        for fault in self.faults:
            if fault.route == route and fault.account in (None, account) and fault.endpoint in (None, endpoint):
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

    def terms(self, account: Account) -> Terms:
        return Terms(
            profile=self.settings.profile,
            models=account.models,
            signing=(self.seed.encode(), account.id),
            profile_arn=account.profile_arn,
            arn_required=self.arn_required(account),
            size_limit=self.settings.size_limit,
            picky=self.settings.picky,
        )

    def arn_required(self, account: Account) -> bool:
        """An API key carries its profile in itself."""
        wanted = self.settings.arn_required
        return account.method != "api-key" and (self.settings.profile == "runtime" if wanted is None else wanted)

    def random(self, *facts: Any) -> str:
        """`facts[-1]` characters that look random and are the same in every run with the same seed."""
        length = int(facts[-1])
        name = "\n".join(map(str, (self.seed, *facts)))
        digest = hashlib.shake_256(name.encode()).digest(length)
        return base64.urlsafe_b64encode(digest).decode().replace("-", "x").replace("_", "y")[:length]

    def reset(self) -> None:
        """Forget what was asked and queued; accounts, tokens and settings stay."""
        for memory in (self.faults, self.planned, self.requests, self.rejections, self.refreshes, self.refreshes_by_token, self.calls):
            memory.clear()
        self.aborted = 0

    def counters(self) -> dict[str, Any]:
        return {
            "refreshes": dict(self.refreshes),
            "refreshesByToken": dict(self.refreshes_by_token),
            "calls": {f"{account}/{route}": times for (account, route), times in self.calls.items()},
            "rejections": dict(Counter(rejection.rule for rejection in self.rejections)),
            "live": self.live,
            "aborted": self.aborted,
        }


SOCIAL_ARN = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
BUILDER_ARN = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"
IDC_ARN = "arn:aws:codewhisperer:us-east-1:123456789012:profile/{}"
ARNS: dict[Method, str] = {"social": SOCIAL_ARN, "builder-id": BUILDER_ARN, "idc": "", "api-key": ""}
