"""An account at an upstream: what is stored of it, its secrets, and how it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from controlplane.domain.model import ModelFacts


class AuthMethod(StrEnum):
    """How the account signs in; decides where its token is refreshed."""

    SOCIAL = "social"
    IDC = "idc"
    API_KEY = "api-key"
    # No sign-in: the site hands a nonce to whoever opens its page.
    NONCE = "nonce"
    # The endpoint asks nobody who they are, as many do that run on one's own machine.
    NONE = "none"


class Status(StrEnum):
    """How an account stands. EXHAUSTED ends by itself at `until`; COOLING is what open breakers come to."""

    ACTIVE = "active"
    COOLING = "cooling"
    EXHAUSTED = "exhausted"
    SUSPENDED = "suspended"
    NEEDS_LOGIN = "needs-login"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """One account as it is stored, without its secrets. Times are epoch seconds.

    `models`: what the administrator limits it to, or says it offers (as its kind has it), empty: what its
    upstream lists. `max_concurrency`: requests at a time, 0: no limit. `priority`: higher is preferred.
    `base_url`: replaces the configured addresses, empty: those. `proxy_url`: the way to it, empty: straight.
    """

    id: str
    kind: str
    label: str
    auth_method: AuthMethod
    region: str = "us-east-1"
    profile_arn: str = ""
    machine_id: str = ""
    base_url: str = ""
    models: tuple[str, ...] = ()
    priority: int = 0
    max_concurrency: int = 0
    proxy_url: str = field(default="", repr=False)  # may hold a password
    disabled: bool = False
    created_at: int = 0

    @property
    def api_region(self) -> str:
        """The region of the chat, model and usage endpoints (Kiro wire notes, region rules): the
        profile's own, else eu-central-1 for an account in Europe, else us-east-1.
        """
        parts = self.profile_arn.split(":")
        if len(parts) == 6 and parts[3]:
            return parts[3]
        return "eu-central-1" if self.region.startswith("eu-") else "us-east-1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account's secrets. `expires_at` is the access token's end, epoch seconds, 0: never or none.

    `version` grows whenever an administrator or a refresh replaces them, so that a refresh which
    started from older ones is recognised as late.
    """

    refresh_token: str = ""
    access_token: str = ""
    client_id: str = ""
    client_secret: str = ""
    api_key: str = ""
    expires_at: int = 0
    version: int = 0

    def __repr__(self) -> str:
        return f"Credentials(expires_at={self.expires_at}, version={self.version})"

    @property
    def bearer(self) -> str:
        """What upstream requests present; empty when there is nothing yet."""
        return self.api_key or self.access_token


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a refresh brought. Empty `refresh_token` and `profile_arn` mean: unchanged. `attributes`: what came to
    light with it that requests of the account need, by the names of the attributes of leases.
    """

    access_token: str
    expires_in: int
    refresh_token: str = ""
    profile_arn: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Tokens(expires_in={self.expires_in})"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the upstream says is left of an account, in its own unit. Times are epoch seconds, 0 unknown."""

    used: float
    limit: float
    resets_at: int = 0
    unit: str = "credit"
    plan: str = ""
    email: str = ""
    overage: bool = False
    checked_at: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """An allowance as it was at a time, epoch seconds."""

    at: int
    used: float
    limit: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """How fast an allowance goes, in its unit per hour, and when it is gone: epoch seconds, 0: not before its reset."""

    per_hour: float
    runs_out_at: int = 0


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """A new account as an administrator gives it. An empty `label` is replaced by one from the id, an empty
    `region` by the kind's.
    """

    kind: str = "kiro"
    label: str = ""
    auth_method: AuthMethod | None = None  # None: told from what was given
    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    client_id: str = field(default="", repr=False)
    client_secret: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    expires_at: int = 0
    region: str = ""
    profile_arn: str = ""
    machine_id: str = ""
    base_url: str = ""
    models: tuple[str, ...] = ()
    priority: int = 0
    max_concurrency: int = 0
    proxy_url: str = field(default="", repr=False)
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Counters:
    """What requests came to, for a key or an account. Tokens: `input_tokens` includes cache reads and writes.
    `total_cost`: money, by the price table of each time. What the gateway asked itself is in the amounts, but is
    no request. `saved_tokens` by shortening conversations, `summary_tokens` what the summaries came to.
    """

    total_requests: int = 0
    success_requests: int = 0
    failed_requests: int = 0
    total_credits: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    total_cost: float = 0.0
    saved_tokens: int = 0
    summary_tokens: int = 0


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A cause that rests an account or, where `model` is not empty, one of its models. `until`: epoch seconds."""

    cause: str
    model: str
    state: str
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class HealthParts:
    """What an account did lately. `success_share` in 0..1, None: nothing. `faults` by cause."""

    success_share: float | None = None
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccountBrief:
    """How an account stands and what is left of it. Of a view what is had without work: there may be hundreds."""

    account: Account
    status: Status
    until: int
    allowance: Allowance | None
    forecast: Forecast | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account as an administrator sees it: no secret. Times are epoch seconds, 0: none.

    `ceiling`: requests at a time that it was found to bear, 0: no such finding. `latency`: seconds to its
    first event, smoothed, 0 unknown. `forecast` is of `allowance`.
    """

    account: Account
    status: Status
    reason: str
    until: int
    health: int
    in_flight: int
    has_refresh_token: bool
    has_access_token: bool
    expires_at: int
    models: Sequence[ModelFacts]
    allowance: Allowance | None
    counters: Counters
    breakers: Sequence[BreakerView] = ()
    health_parts: HealthParts = field(default_factory=HealthParts)
    ceiling: int = 0
    latency: float = 0.0
    forecast: Forecast | None = None
