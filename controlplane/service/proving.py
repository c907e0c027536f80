"""Whether somebody is who it says: the password, and the code of a second device.

The built-in administrator's password is what the environment says; else the one whose hash is stored; else, until
it is first given, the one of which a release before 0006 stored a keyed hash.
"""

import hmac
from collections.abc import Mapping

import pyotp

from controlplane.domain.errors import Invalid
from controlplane.domain.user import Refused, User
from controlplane.policy import totp
from controlplane.policy.guesses import Strikes
from controlplane.service.ports import Clock, Vault
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.users import NO_TOTP, Passwords, Users

PASSWORD = "admin password"  # noqa: S105 - the purpose of a keyed hash
OLD_DIGEST = "adminPasswordDigest"


class PasswordProof:
    """Checks passwords. Nothing here is stored in clear, and no keyed hash that was not stored before."""

    def __init__(self, users: Users, hashes: Passwords, vault: Vault, settings: RuntimeSettings) -> None:
        self._users = users
        self._hashes = hashes
        self._vault = vault
        self._settings = settings
        self._given = ""
        # The built-in administrator's hash, and the keyed hash of the password that was seen to match it: scripts,
        # which send it with every request, do not pay for the slow one each time.
        self._seen = ("", "")

    def give(self, password: str | None) -> None:
        """What the environment says is the built-in administrator's password; None: nothing."""
        self._given = self._vault.digest(PASSWORD, password) if password else ""

    @property
    def given(self) -> bool:
        """Whether the environment says what it is, so that it cannot be changed here."""
        return bool(self._given)

    @property
    def known(self) -> bool:
        """Whether the built-in administrator has any password."""
        return bool(self._given or self._users.admin.password_hash or self._settings.hidden(OLD_DIGEST))

    async def check(self, name: str, password: str) -> User | None:
        """Who has this name and password; None takes as long as a user does."""
        user = self._users.named(name)
        right = await self.right(user, password)
        return user if right and user is not None and user.enabled else None

    async def right(self, user: User | None, password: str) -> bool:
        """Whether this is the user's password."""
        if user is not None and user.built_in:
            return await self._administrators(user, password)
        return await self._hashes.matches(user.password_hash if user is not None else "", password)

    async def forget_old(self) -> None:
        """The keyed hash that an older release stored is good no more."""
        if self._settings.hidden(OLD_DIGEST):
            await self._settings.put({OLD_DIGEST: ""})

    async def _administrators(self, user: User, password: str) -> bool:
        digest = self._vault.digest(PASSWORD, password)
        if self._given:
            return _same(digest, self._given)
        hashed, seen = self._seen
        if hashed and hashed == user.password_hash and _same(digest, seen):
            return True
        if not user.password_hash:
            return await self._old(user, password, digest)
        right = await self._hashes.matches(user.password_hash, password)
        if right:
            self._seen = (user.password_hash, digest)
        return right

    async def _old(self, user: User, password: str, digest: str) -> bool:
        """Against what an older release stored; the first right password puts a slow hash in its place."""
        if not _same(digest, self._settings.hidden(OLD_DIGEST) or ""):
            return False
        hashed = await self._hashes.hash(password)
        await self._users.change(user.id, {"password_hash": hashed})
        await self.forget_old()
        self._seen = (hashed, digest)
        return True


class CodeProof:
    """Checks the codes of second devices, and changes which one is in force."""

    def __init__(self, users: Users, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        self._strikes = Strikes()

    async def check(self, user: User, code: str, secret: str) -> Refused | None:
        """Use up a code; None: it was right."""
        now = self._clock.now()
        if (wait := self._strikes.wait(user.id, now)) > 0:
            return Refused("too_many_attempts", "too many wrong codes for this user", wait)
        step = totp.used(secret, code, now, user.totp_step)
        if step is None or not await self._users.use_step(user, step):
            self._strikes.add(user.id, now)
            return Refused("wrong_code", "the code is wrong, or was used already")
        self._strikes.forget(user.id)
        return None

    async def begin(self, user: User) -> str:
        """A secret to be shown to its owner; it is not in force before it is confirmed. Raises Invalid."""
        if user.totp_secret:
            raise Invalid("two-step sign-in is on already; switch it off first")
        secret = pyotp.random_base32()
        await self._users.change(user.id, {"totp_begun": secret})
        return secret

    async def switch(self, user: User, code: str, *, on: bool) -> Refused | None:
        """Put into force what was begun, or take out what is in force; a refusal changes nothing. Raises Invalid."""
        secret = user.totp_begun if on else user.totp_secret
        if not secret:
            raise Invalid("it was not begun, or is on already" if on else "two-step sign-in is not on", "enabled")
        refused = await self.check(user, code, secret)
        if refused is None:
            fields: Mapping[str, object] = {"totp_secret": secret, "totp_begun": ""} if on else NO_TOTP
            await self._users.change(user.id, fields)
        return refused


def _same(digest: str, other: str) -> bool:
    return bool(other) and hmac.compare_digest(digest, other)
