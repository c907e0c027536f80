"""Who may administrate: the password, and the tokens of signed-in sessions."""

import hmac
import secrets

from controlplane.service.ports import Clock, Vault

PASSWORD = "admin password"  # noqa: S105 - the purpose of a keyed hash
SESSION = "admin session"
CSRF = "admin csrf"


class Administration:
    """Checks are in constant time; nothing here is stored in clear.

    A session token carries its end and a keyed hash over it and the password's own hash, so that it
    survives a restart and dies with the password.
    """

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock
        self._password_digest = ""
        self._closed: dict[str, float] = {}

    def set_password(self, digest: str) -> None:
        """The keyed hash of the password in force."""
        self._password_digest = digest

    def password_is(self, presented: str) -> bool:
        """Whether this is the administrator's password."""
        digest = self._vault.digest(PASSWORD, presented)
        return bool(presented) and bool(self._password_digest) and hmac.compare_digest(digest, self._password_digest)

    def open_session(self, seconds: int) -> str:
        """A session token that is good for `seconds`; to be kept in an HttpOnly cookie."""
        body = f"{int(self._clock.now()) + seconds}.{secrets.token_hex(16)}"
        return f"{body}.{self._mac(body)}"

    def session_is_open(self, token: str) -> bool:
        """Whether the token is ours, in time, and not closed."""
        body, _, mac = token.rpartition(".")
        end, _, _ = body.partition(".")
        if not end.isdecimal() or len(token) > 200 or not hmac.compare_digest(self._mac(body).encode(), mac.encode()):
            return False
        return self._clock.now() < int(end) and token not in self._closed

    def close_session(self, token: str) -> None:
        """Sign out; remembered until the token would have ended by itself."""
        if not self.session_is_open(token):
            return
        now = self._clock.now()
        self._closed = {closed: end for closed, end in self._closed.items() if end > now}
        self._closed[token] = float(token.partition(".")[0])

    def csrf(self, token: str) -> str:
        """What writes of this session must carry in `x-csrf-token`."""
        return self._vault.digest(CSRF, token)

    def _mac(self, body: str) -> str:
        return self._vault.digest(SESSION, f"{body}.{self._password_digest}")
