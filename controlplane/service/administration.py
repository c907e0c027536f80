"""Who may administrate: what a caller presents, told as who it is. Wrong guesses are slowed: see `turns`."""

import logging
from dataclasses import dataclass, field

from controlplane.domain.errors import Invalid
from controlplane.domain.user import ADMIN_NAME, ApiToken, Origin, Refused, Role, Session, SignedIn, User, Who
from controlplane.policy.passwords import TOKEN_NAME
from controlplane.service.failures import Failures
from controlplane.service.ports import Clock
from controlplane.service.proving import CodeProof, PasswordProof
from controlplane.service.sessions import Sessions
from controlplane.service.tokens import Tokens
from controlplane.service.turns import Turns
from controlplane.service.users import Crowded, Users

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody signs in with."""

    name: str
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proofs:
    """What is checked, and where failures are told."""

    passwords: PasswordProof
    codes: CodeProof
    failures: Failures


class Administration:
    """Lets people in, and tells who they are from then on."""

    def __init__(self, users: Users, sessions: Sessions, tokens: Tokens, proofs: Proofs, clock: Clock) -> None:
        self.failures = proofs.failures
        self._users = users
        self._sessions = sessions
        self._tokens = tokens
        self._passwords = proofs.passwords
        self._codes = proofs.codes
        self._turns = Turns(proofs.failures, clock)

    async def load(self) -> None:
        """Fill memory at the start. Raises SealBroken."""
        await self._users.load()
        await self._sessions.reload()
        await self._tokens.reload()

    async def reload(self) -> None:
        """See what another control plane changed, or a command."""
        await self._users.reload()
        await self._sessions.reload()
        await self._tokens.reload()

    def fixed(self, user: User) -> bool:
        """Whether the environment says what this user's password is."""
        return user.built_in and self._passwords.given

    async def sign_in(self, attempt: Attempt, origin: Origin) -> SignedIn | Refused:
        """A new session for who has this name, password and, where it is switched on, code."""
        try:
            async with self._turns.secret(origin, attempt.name) as wait:
                return wait or await self._signed_in(attempt, origin)
        except Crowded:
            return CROWDED

    async def bearer(self, presented: str, origin: Origin) -> Who | Refused:
        """Who presents this token, or the built-in administrator's password."""
        token = self._tokens.find(presented)
        if token is not None:
            return self._script(token)
        try:
            async with self._turns.secret(origin, ADMIN_NAME) as wait:
                return wait or await self._administrator(presented, origin)
        except Crowded:
            return CROWDED

    async def cookie(self, presented: str, origin: Origin) -> Who | Refused:
        """Whose session this cookie opens."""
        session = self._sessions.find(presented)
        if session is None:
            if self._sessions.refused(presented):
                return SESSION_ENDED
            found = await self._looked_up(presented, origin)
            if isinstance(found, Refused):
                return found
            session = found
        user = self._users.find(session.user_id)
        if user is None or not user.enabled:
            return SESSION_ENDED
        self._users.touch(user)
        return Who(user.name, user.role, user, self._sessions.touch(session), csrf=self._sessions.csrf(presented))

    def lasts(self, who: Who) -> bool:
        """Whether who was let in still would be, in the same role."""
        if who.token is not None:
            return self._tokens.lasts(who.token)
        return self._holds(who, self._users.find(who.id)) and (who.session is None or self._sessions.lasts(who.session))

    async def confirmed(self, who: Who) -> bool:
        """The same as the database knows it: another control plane may have taken it away a moment ago."""
        if who.token is not None:
            return await self._tokens.present(who.token)
        if who.session is not None and not await self._sessions.present(who.session):
            return False
        return self._holds(who, await self._users.present(_person(who)))

    def administrates(self, holder_id: str) -> bool:
        """Whether the user, or the token, of this id is an administrator now."""
        user = self._users.find(holder_id)
        if user is None:
            return self._tokens.grants(holder_id, Role.ADMIN)
        return user.enabled and user.role is Role.ADMIN

    async def change_password(self, who: Who, current: str, new: str, origin: Origin) -> Refused | None:
        """Change one's own password; one's other sessions end. Raises Invalid."""
        user = await self._users.present(_person(who))
        if user is None:
            return SESSION_ENDED
        try:
            async with self._turns.secret(origin, user.name) as wait:
                if wait:
                    return wait
                if not await self._passwords.right(user, current):
                    self._turns.wrong(origin, WRONG_CREDENTIALS, user.name)
                    raise Invalid("current is not your password", "current")
        except Crowded:
            return CROWDED
        # One that an older release stored has just been given a slow hash.
        checked = user if user.password_hash else self._users.get(user.id)
        if not await self._users.exchange_password(checked, new, "new", who.session.id if who.session else ""):
            raise Invalid("current is not your password any more", "current")
        if user.built_in:
            await self._passwords.forget_old()
        return None

    async def begin_totp(self, who: Who) -> str:
        """A secret for one's second device. Raises Invalid."""
        return await self._codes.begin(_person(who))

    async def switch_totp(self, who: Who, code: str, origin: Origin, *, on: bool) -> Refused | None:
        """Switch two-step sign-in on, with a code of the secret that was begun, or off. Raises Invalid."""
        user = _person(who)
        async with self._turns.secret(origin) as wait:
            if wait:
                return wait
            refused = await self._codes.switch(user, code, on=on)
            return self._turns.wrong(origin, refused) if refused is not None else None

    async def _signed_in(self, attempt: Attempt, origin: Origin) -> SignedIn | Refused:
        user = await self._passwords.check(attempt.name, attempt.password)
        if user is None:
            return self._turns.wrong(origin, WRONG_CREDENTIALS, attempt.name)
        if user.totp_secret and not attempt.code:
            return CODE_NEEDED
        if user.totp_secret and (refused := await self._codes.check(user, attempt.code, user.totp_secret)):
            return self._turns.wrong(origin, refused)
        return await self._opened(user, origin)

    async def _administrator(self, password: str, origin: Origin) -> Who | Refused:
        before = self._users.admin
        right = await self._passwords.right(before, password)
        admin = self._users.admin
        if not right or (not self._passwords.given and _changed(before, admin)):
            log.warning("wrong administrator password address=%s", origin.group)
            return self._turns.wrong(origin, WRONG_BEARER, ADMIN_NAME)
        if admin.totp_secret:
            return TOKEN_NEEDED
        self._turns.right(origin, ADMIN_NAME, clear=True)
        return Who(ADMIN_NAME, Role.ADMIN, admin)

    def _holds(self, who: Who, user: User | None) -> bool:
        """Whether the user, as it is now, is who was let in. A new password ends sessions by itself."""
        if user is None or who.user is None or not user.enabled or user.role is not who.role:
            return False
        same = self._passwords.given or user.password_hash == who.user.password_hash
        return who.session is not None or (same and not user.totp_secret)

    def _script(self, token: ApiToken) -> Who | Refused:
        if self._tokens.expired(token):
            return TOKEN_EXPIRED
        self._tokens.touch(token)
        return Who(TOKEN_NAME + token.name, token.role, token=token)

    async def _looked_up(self, cookie: str, origin: Origin) -> Session | Refused:
        """Another control plane may have opened it."""
        async with self._turns.cookie(origin) as wait:
            if wait:
                return wait
            session = await self._sessions.look_up(cookie)
            if session is None:
                self._turns.unknown(origin)
                log.info("unknown session address=%s", origin.group)
                return SESSION_ENDED
            if self._users.find(session.user_id) is None:
                await self._users.reload()
            return session

    async def _opened(self, user: User, origin: Origin) -> SignedIn | Refused:
        session, cookie = await self._sessions.open(user.id, origin)
        # A password or a right that was taken away while it was checked, here or at another control plane, ended what
        # sessions there were then; this one came later.
        present = await self._users.present(user)
        if present is None or not present.enabled or _changed(user, present):
            await self._sessions.end(session.id)
            return WRONG_CREDENTIALS
        # Others could guess on in between.
        self._turns.right(origin, present.name, clear=present.role is Role.ADMIN)
        self._users.touch(present)
        who = Who(present.name, present.role, present, session, csrf=self._sessions.csrf(cookie))
        return SignedIn(who, session, cookie)


def _person(who: Who) -> User:
    """Raises Invalid for a token, which has neither a password nor a second device."""
    if who.user is None:
        raise Invalid("this is about people: a token has neither a password nor a second device")
    return who.user


def _changed(checked: User, user: User) -> bool:
    """Whether the password that was checked is another one by now. One that an older release stored gets its slow hash
    when it is checked.
    """
    return bool(checked.password_hash) and user.password_hash != checked.password_hash


CROWDED = Refused("too_many_attempts", "too many try to sign in at the same moment", 1.0)
WRONG_CREDENTIALS = Refused("wrong_credentials", "the name or the password is wrong")
CODE_NEEDED = Refused("code_needed", "a code of your second device is needed as well")
WRONG_BEARER = Refused("unauthenticated", "the administrator's password, or the token, is wrong")
TOKEN_NEEDED = Refused(
    "unauthenticated", "the administrator signs in with a second device: make an admin token (POST /api/tokens), and send that instead"
)
TOKEN_EXPIRED = Refused("unauthenticated", "this token has expired")
SESSION_ENDED = Refused("unauthenticated", "your session has ended; sign in again")
