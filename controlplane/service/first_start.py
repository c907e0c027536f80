"""Secrets that an installation cannot be without: what the environment says, else what is stored, else
made up now, stored as a hash and told once.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from controlplane.domain.errors import SealBroken, StartError
from controlplane.domain.user import ADMIN_ID
from controlplane.service import identity
from controlplane.service.door import Door
from controlplane.service.ports import Vault
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.users import NO_TOTP

PROXY_DIGEST = "proxyKeyDigest"
SEAL = "sealCheck"
SEAL_TEXT = "headgate"


@dataclass(frozen=True, slots=True)
class Made:
    """A secret that was just made up: its name for people, and itself, to be shown once."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """The digest of the proxy key in force, and what was made up."""

    proxy_digest: str = field(repr=False)
    made: Sequence[Made] = ()


async def check_seal(settings: RuntimeSettings, vault: Vault) -> None:
    """See that this vault is the one the database was written with; a new database is marked with it.

    Raises StartError.
    """
    sealed = settings.hidden(SEAL)
    if sealed is None:
        await settings.put({SEAL: vault.seal(SEAL, SEAL, SEAL_TEXT).hex()})
        return
    try:
        vault.open(SEAL, SEAL, bytes.fromhex(sealed))
    except (SealBroken, ValueError):
        raise StartError(
            "the key file is not the one that this database was encrypted with; restore the right one, or start with an empty database"
        ) from None


async def access(settings: RuntimeSettings, vault: Vault, proxy_key: str | None) -> Access:
    """The digest of the proxy key. The environment wins, and is not stored."""
    if proxy_key:
        return Access(vault.digest(identity.DIGEST, proxy_key))
    if (stored := settings.hidden(PROXY_DIGEST)) is not None:
        return Access(stored)
    made = Made("proxy key (PROXY_API_KEY)", f"sk-headgate-{secrets.token_hex(20)}")
    digest = vault.digest(identity.DIGEST, made.secret)
    await settings.put({PROXY_DIGEST: digest})
    return Access(digest, [made])


async def administrator(door: Door, given: str | None) -> Sequence[Made]:
    """See that the built-in administrator has a password. The environment wins, and is not stored; one that was made up
    is stored as a slow hash.
    """
    door.passwords.give(given)
    if door.users.admin.password_hash:
        await door.passwords.forget_old()
    return () if door.passwords.known else (await _made_up(door),)


async def reset(door: Door, given: str | None) -> Sequence[Made]:
    """Let the administrator in again who forgot the password or lost the second device: what was made up, nothing where
    the environment says the password. All its sessions end.
    """
    made = () if given else (await _made_up(door),)
    await door.passwords.forget_old()
    await door.users.change(ADMIN_ID, NO_TOTP)
    await door.sessions.end_of(ADMIN_ID)
    return made


async def _made_up(door: Door) -> Made:
    made = Made("admin password (ADMIN_PASSWORD)", secrets.token_urlsafe(18))
    await door.users.set_password(door.users.admin, made.secret, "password")
    return made
