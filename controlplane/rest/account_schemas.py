"""Bodies and answers of the account routes."""

import dataclasses
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from controlplane.domain.account import AccountDraft, AccountView, Allowance, AuthMethod, BreakerView, Forecast, HealthParts, Status
from controlplane.policy import proxies
from controlplane.rest.errors import ErrorDetail
from controlplane.rest.schemas import Body, Counts, Text, Token, View, moment
from controlplane.service import drafts


def _whole(value: str) -> str:
    """Kiro's refresh tokens are longer than 100 characters; consoles cut them for display."""
    if len(value) < 100 or "..." in value:
        raise PydanticCustomError("truncated", "is truncated: a Kiro refresh token has at least 100 characters and no '...'")
    return value


def _region(value: str) -> str:
    if not REGION.fullmatch(value):
        raise PydanticCustomError("region", "is not a region such as us-east-1")
    return value


def _arn(value: str) -> str:
    if not ARN.fullmatch(value):
        raise PydanticCustomError("arn", "is not the ARN of a profile")
    return value


def _machine(value: str) -> str:
    """64 hex digits, or a UUID, which stands for itself twice (Kiro wire notes, machine id)."""
    digits = value.replace("-", "").lower()
    if HEX.fullmatch(digits) and len(digits) in (32, 64):
        return digits * (64 // len(digits))
    raise PydanticCustomError("machine_id", "is neither 64 hexadecimal digits nor a UUID")


def _address(value: str) -> str:
    if not ADDRESS.fullmatch(value):
        raise PydanticCustomError("url", "is not an http or https address without a user, query or fragment")
    return value.rstrip("/")


class AccountBody(Body):
    """An account as it is created or changed. Absent and null fields take their defaults when it is created.
    Fields that mean nothing to its kind are refused.
    """

    kind: Literal["kiro", "kimi-web", "openai", "anthropic"] = Field("kiro", description="kimi-web needs nothing else")
    label: Text | None = Field(None, description="What it is called; by default made from its id")
    refresh_token: Annotated[Token, AfterValidator(_whole)] | None = Field(None, repr=False)
    access_token: Token | None = Field(None, repr=False)
    auth_method: AuthMethod | None = Field(None, description="By default told from the credentials")
    client_id: Token | None = Field(None, repr=False)
    client_secret: Token | None = Field(None, repr=False)
    region: Annotated[Text, AfterValidator(_region)] | None = Field(None, description="Of the sign-in; us-east-1 by default")
    profile_arn: Annotated[Text, AfterValidator(_arn)] | None = None
    machine_id: Annotated[Text, AfterValidator(_machine)] | None = Field(None, description="By default made once and kept")
    base_url: Annotated[Text, AfterValidator(_address)] | None = Field(
        None, description="Replaces the configured chat address; with the version at kind openai, as in https://api.openai.com/v1"
    )
    api_key: Token | None = Field(None, repr=False, description="Of kind openai not needed where baseUrl names an endpoint that wants none")
    models: list[Annotated[Text, StringConstraints(min_length=1)]] | None = Field(
        None, max_length=500, description="Model ids it is limited to, at API endpoints those it offers, listed or not; null: all it lists"
    )
    priority: Annotated[StrictInt, Field(ge=-1000, le=1000)] | None = Field(None, description="Higher is preferred; 0 by default")
    max_concurrency: Annotated[StrictInt, Field(ge=0, le=10_000)] | None = Field(None, description="Requests at a time; 0: no limit")
    proxy_url: Token | None = Field(
        None,
        repr=False,
        description="http://, https:// or socks5:// with [user:password@]host:port; all of the account's requests go through it",
    )
    disabled: StrictBool | None = None

    def given(self) -> dict[str, Any]:
        """The fields that have a value, by the names of AccountDraft."""
        return {name: value for name, value in self.changes().items() if value != DEFAULTS[name]}

    def changes(self) -> dict[str, Any]:
        """The fields the caller named, null as the field's default, by the names of AccountDraft."""
        named = self.model_dump(exclude_unset=True)
        found = {name: DEFAULTS[name] if value is None else value for name, value in named.items()}
        if "models" in found:
            found["models"] = tuple(dict.fromkeys(found["models"]))
        return found


class ForecastRead(View):
    """How fast an allowance goes, as it went in the last day."""

    per_hour: float
    runs_out_at: datetime | None = Field(description="null: not before its reset")


class AllowanceRead(View):
    """What the upstream says is left, in its own unit."""

    used: float
    limit: float
    resets_at: datetime | None
    unit: str
    plan: str
    overage: bool = Field(description="Whether the account may go on beyond its limit, at a price")
    email: str
    checked_at: datetime | None
    forecast: ForecastRead | None = Field(description="null until enough is known, and where there is no limit to reach")

    @classmethod
    def of(cls, allowance: Allowance, forecast: Forecast | None) -> "AllowanceRead":
        ends = ForecastRead(per_hour=forecast.per_hour, runs_out_at=moment(forecast.runs_out_at)) if forecast else None
        return cls(
            used=allowance.used,
            limit=allowance.limit,
            resets_at=moment(allowance.resets_at),
            unit=allowance.unit,
            plan=allowance.plan,
            overage=allowance.overage,
            email=allowance.email,
            checked_at=moment(allowance.checked_at),
            forecast=ends,
        )


class BreakerRead(View):
    """A cause that rests the account, or one of its models. Half open, it lets one request try; probing, one does."""

    cause: str
    model: str | None = Field(description="null: the whole account")
    state: Literal["open", "half-open", "probing"]
    until: datetime | None
    reason: str

    @classmethod
    def of(cls, breaker: BreakerView) -> "BreakerRead":
        state: Any = breaker.state
        return cls(cause=breaker.cause, model=breaker.model or None, state=state, until=moment(breaker.until), reason=breaker.reason)


class HealthRead(View):
    """What the account did in the last five to ten minutes."""

    success_share: float | None = Field(description="0 to 1, of the attempts that say something about the account; null: there were none")
    faults: dict[str, int] = Field(description="How many, by cause")

    @classmethod
    def of(cls, parts: HealthParts) -> "HealthRead":
        return cls(success_share=parts.success_share, faults=dict(parts.faults))


class AccountRead(View):
    """An account. `until` is when its status ends by itself; `offeredModels` is what its upstream lists,
    or well-known models until it was asked.
    """

    VOLATILE = frozenset(
        {
            "offered_models",
            "has_access_token",
            "expires_at",
            "status",
            "reason",
            "until",
            "health",
            "health_parts",
            "latency_ms",
            "breakers",
            "ceiling",
            "in_flight",
            "allowance",
            "stats",
        }
    )

    id: str
    kind: str
    label: str
    auth_method: AuthMethod
    region: str
    profile_arn: str
    machine_id: str
    base_url: str
    proxy_url: str = Field(description="Without its password, or its user where it has none; given back as it is, it stays what it was")
    models: list[str]
    offered_models: list[str]
    priority: int
    max_concurrency: int
    disabled: bool
    created_at: datetime | None
    has_refresh_token: bool
    has_access_token: bool
    expires_at: datetime | None
    status: Status
    reason: str
    until: datetime | None
    health: int = Field(description="0 to 100")
    health_parts: HealthRead
    latency_ms: int | None = Field(description="To the first event, smoothed; null: unknown")
    breakers: list[BreakerRead] = Field(description="The last to end first")
    ceiling: int | None = Field(description="Requests at a time that it was found to bear; null: no such finding")
    in_flight: int
    allowance: AllowanceRead | None
    stats: Counts


class AccountStood(View):
    """How an account stands towards the pool, of which enabling and disabling decide."""

    disabled: bool
    status: Status
    reason: str
    breakers: list[BreakerRead]

    @classmethod
    def of(cls, account: AccountRead) -> "AccountStood":
        return cls(disabled=account.disabled, status=account.status, reason=account.reason, breakers=account.breakers)


class AccountList(View):
    accounts: list[AccountRead]
    next_cursor: str | None
    total: int


class Verified(View):
    valid: bool
    error: str | None
    account: AccountRead


class ImportLine(View):
    """What became of one line; `ignored` names members that mean nothing here."""

    index: int
    status: Literal["created", "duplicate", "invalid"]
    account_id: str | None = None
    label: str | None = None
    ignored: list[str] = Field(default_factory=list)
    error: ErrorDetail | None = None


class ImportResult(View):
    created: int
    failed: int
    results: list[ImportLine]


def draft(body: AccountBody) -> AccountDraft:
    """The account to store. Raises Invalid when it lacks what its kind needs, or holds what means nothing to it."""
    made = AccountDraft(**body.given())
    drafts.complete(made)
    return made


def shown(view: AccountView) -> AccountRead:
    """What may be told of an account."""
    account = view.account
    return AccountRead(
        **{name: getattr(account, name) for name in PLAIN},
        **{name: getattr(view, name) for name in STANDING},
        proxy_url=proxies.shown(account.proxy_url),
        models=list(account.models),
        offered_models=[model.id for model in view.models],
        created_at=moment(account.created_at),
        expires_at=moment(view.expires_at),
        until=moment(view.until),
        health_parts=HealthRead.of(view.health_parts),
        latency_ms=round(view.latency * 1000) if view.latency else None,
        breakers=[BreakerRead.of(breaker) for breaker in view.breakers],
        ceiling=view.ceiling or None,
        allowance=AllowanceRead.of(view.allowance, view.forecast) if view.allowance else None,
        stats=Counts.of(view.counters),
    )


REGION = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")
ARN = re.compile(r"arn:aws[a-z-]*:codewhisperer:[a-z]{2}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}:[0-9]{12}:profile/[A-Za-z0-9]+")
HEX = re.compile(r"[0-9a-f]+")
ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9.{}-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/%{}-]*)?")
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in dataclasses.fields(AccountDraft)}
PLAIN = ("id", "kind", "label", "auth_method", "region", "profile_arn", "machine_id", "base_url", "priority", "max_concurrency", "disabled")
STANDING = ("has_refresh_token", "has_access_token", "status", "reason", "health", "in_flight")
