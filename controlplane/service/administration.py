"""Who may administrate: the password."""

import hmac

from controlplane.service.ports import Vault

PASSWORD = "admin password"  # noqa: S105 - the purpose of a keyed hash


class Administration:
    """Checks are in constant time; nothing here is stored in clear."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._password_digest = ""

    def set_password(self, digest: str) -> None:
        """The keyed hash of the password in force."""
        self._password_digest = digest

    def password_is(self, presented: str) -> bool:
        """Whether this is the administrator's password."""
        digest = self._vault.digest(PASSWORD, presented)
        return bool(presented) and bool(self._password_digest) and hmac.compare_digest(digest, self._password_digest)
