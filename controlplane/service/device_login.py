"""Adding a Kiro account by signing in elsewhere: a person types a short code at a page of the sign-in service.

Sign-ins under way are in the memory of this process only; none outlives it. Their secrets are shown to nobody.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

from controlplane.domain.account import AccountDraft, AccountView, AuthMethod, Tokens
from controlplane.domain.errors import Absent, ControlError, Duplicate, Invalid, ProviderError, ProviderUnavailable
from controlplane.service.accounts import Accounts
from controlplane.service.background import Background
from controlplane.service.drafts import REGION
from controlplane.service.ports import Clock
from headgate.options import loopback

START_URL = "https://view.awsapps.com/start"
DEFAULT_REGION = "us-east-1"
SLOWER_SECONDS = 5  # what "slow down" asks for, and what a service that does not answer gets
MOST = 20  # pending at a time
KEPT_SECONDS = 600  # how long it is told how one ended


class Verdict(StrEnum):
    """What the service says while there are no tokens."""

    PENDING = "pending"
    SLOWER = "slower"
    EXPIRED = "expired"
    DENIED = "denied"


class Stage(StrEnum):
    """How far a sign-in is."""

    PENDING = "pending"
    DONE = "done"
    EXPIRED = "expired"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in was begun with. `user_code` is to be typed at `uri`; at `uri_complete` it is filled in. Seconds:
    `expires_in` until it is too late, `interval` between two questions.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    device_code: str = field(repr=False)
    user_code: str
    uri: str
    uri_complete: str
    expires_in: int
    interval: int


class Devices(Protocol):
    """The sign-in service. Both methods raise ProviderError."""

    async def begin(self, region: str, start_url: str) -> Grant: ...

    async def poll(self, region: str, grant: Grant) -> Tokens | Verdict:
        """The tokens, once the person has agreed."""
        ...


@dataclass(slots=True)
class Login:
    """One sign-in. Times are epoch seconds, `ended_at` 0: not yet. `account_id`: what came of it; `error`: why nothing
    did, for people.
    """

    id: str
    label: str
    region: str
    grant: Grant = field(repr=False)
    expires_at: float
    stage: Stage = Stage.PENDING
    account_id: str = ""
    error: str = ""
    ended_at: float = 0.0


# Told of the account that was made.
Made = Callable[[AccountView], Awaitable[None]]


class DeviceLogins:
    """Begins sign-ins and carries them to their end in the background."""

    def __init__(self, devices: Devices, accounts: Accounts, background: Background, clock: Clock) -> None:
        self._devices = devices
        self._accounts = accounts
        self._background = background
        self._clock = clock
        self._logins: dict[str, Login] = {}
        self._beginning = 0

    async def begin(self, label: str, region: str, start_url: str, made: Made) -> Login | None:
        """A sign-in that waits for a person, who has yet to be told where to go; None while too many wait.
        Raises Invalid, Duplicate, ProviderError.
        """
        self._check(label, region, start_url)
        self._prune()
        if self._beginning + sum(login.stage is Stage.PENDING for login in self._logins.values()) >= MOST:
            return None
        self._beginning += 1
        try:
            grant = await self._devices.begin(region, start_url)
        finally:
            self._beginning -= 1
        login = Login(f"login_{secrets.token_hex(8)}", label, region, grant, self._clock.now() + grant.expires_in)
        self._logins[login.id] = login
        self._background.spawn(self._carry(login, made), f"device sign-in {login.id}")
        return login

    def get(self, login_id: str) -> Login:
        """How far it is. Raises Absent."""
        self._prune()
        if login_id not in self._logins:
            raise Absent("there is no such sign-in, or it ended a while ago")
        return self._logins[login_id]

    def _check(self, label: str, region: str, start_url: str) -> None:
        if label.strip():
            self._accounts.check_label(label.strip())
        if not REGION.fullmatch(region):
            raise Invalid("region is not the name of a region", "region")
        if not _presentable(start_url):
            raise Invalid("startUrl must be an https address", "startUrl")

    async def _carry(self, login: Login, made: Made) -> None:
        """To its end, whatever that is."""
        try:
            said = await self._answer(login)
            if isinstance(said, Tokens):
                view = await self._stored(login, said)
                try:
                    await made(view)
                finally:
                    login.account_id, login.stage = view.account.id, Stage.DONE
            else:
                login.stage = ENDS[said]
        except (ControlError, ProviderError) as error:
            login.stage, login.error = Stage.FAILED, error.message
        finally:
            if login.stage is Stage.PENDING:
                login.stage, login.error = Stage.FAILED, "the account could not be stored; the log says more"
            login.ended_at = self._clock.now()

    async def _answer(self, login: Login) -> Tokens | Verdict:
        """Ask until there is one. Raises ProviderError."""
        interval = login.grant.interval
        while True:
            await self._clock.sleep(interval)
            if self._clock.now() >= login.expires_at:
                return Verdict.EXPIRED
            said = await self._asked(login)
            if said is Verdict.SLOWER:
                interval += SLOWER_SECONDS
            elif said is not Verdict.PENDING:
                return said

    async def _asked(self, login: Login) -> Tokens | Verdict:
        """One question. A service that is away may be back before the person has typed the code."""
        try:
            return await self._devices.poll(login.region, login.grant)
        except ProviderUnavailable:
            return Verdict.SLOWER

    async def _stored(self, login: Login, tokens: Tokens) -> AccountView:
        """The account. A label that it cannot have by now is no reason to lose a sign-in. Raises ControlError."""
        grant = login.grant
        draft = AccountDraft(
            label=login.label,
            auth_method=AuthMethod.IDC,
            refresh_token=tokens.refresh_token,
            access_token=tokens.access_token,
            expires_at=int(self._clock.now()) + tokens.expires_in,
            client_id=grant.client_id,
            client_secret=grant.client_secret,
            region=login.region,
        )
        try:
            return await self._accounts.create(draft)
        except (Duplicate, Invalid) as error:
            if error.field != "label":
                raise
            return await self._accounts.create(replace(draft, label=""))

    def _prune(self) -> None:
        limit = self._clock.now() - KEPT_SECONDS
        for login_id in [each.id for each in self._logins.values() if 0 < each.ended_at <= limit]:
            del self._logins[login_id]


def _presentable(url: str) -> bool:
    """Whether a person may be sent there and a secret be told it: https, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and loopback(host)))


ENDS = {Verdict.EXPIRED: Stage.EXPIRED, Verdict.DENIED: Stage.DENIED}
