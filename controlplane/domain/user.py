"""Who administrates: people, the sessions they are signed in with, and tokens for scripts."""

from dataclasses import dataclass, field
from enum import StrEnum

ADMIN_ID = "usr_admin"
ADMIN_NAME = "admin"


class Role(StrEnum):
    """What somebody may do. A viewer changes nothing but what is its own."""

    ADMIN = "admin"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. Times are epoch seconds, 0: never.

    `totp_secret` is in force, `totp_begun` was shown but not confirmed yet; "": none. `totp_step` is the last time
    step whose code was used. The built-in administrator may have no `password_hash`: the environment, or an older
    release, then says what its password is.
    """

    id: str
    name: str
    role: Role
    enabled: bool = True
    password_hash: str = field(default="", repr=False)
    totp_secret: str = field(default="", repr=False)
    totp_begun: str = field(default="", repr=False)
    totp_step: int = 0
    created_at: int = 0
    seen_at: int = 0

    @property
    def built_in(self) -> bool:
        """It cannot be removed, disabled or made a viewer."""
        return self.id == ADMIN_ID


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in. `digest` is the keyed hash of its cookie, `agent` what it calls itself."""

    id: str
    user_id: str
    digest: str = field(repr=False)
    created_at: int = 0
    seen_at: int = 0
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A credential for scripts. `prefix` is its visible beginning, `digest` its keyed hash; times as of a user."""

    id: str
    name: str
    prefix: str
    digest: str = field(repr=False)
    role: Role = Role.ADMIN
    created_at: int = 0
    created_by: str = ""
    expires_at: int = 0
    used_at: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from. Guesses are counted by `group`: an IPv6 host owns a whole network."""

    address: str
    group: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who was let in: a user, or a token, which then gives the `name`. `session` and `csrf`, the word that
    must come with its writes, are there where a cookie was shown.
    """

    name: str
    role: Role
    user: User | None = None
    session: Session | None = None
    token: ApiToken | None = None
    csrf: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        """The user's, or the token's."""
        holder = self.user or self.token
        return holder.id if holder is not None else ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why somebody was not let in. `wait`: seconds until the next try is looked at, 0: at once."""

    code: str
    message: str
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; `cookie` is shown to the browser only."""

    who: Who
    session: Session
    cookie: str = field(repr=False)
