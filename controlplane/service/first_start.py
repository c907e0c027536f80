"""Secrets that an installation cannot be without: what the environment says, else what is stored, else
made up now, stored as a keyed hash and told once.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from controlplane.domain.errors import SealBroken, StartError
from controlplane.service import administration, identity
from controlplane.service.ports import Vault
from controlplane.service.runtime_settings import RuntimeSettings

PROXY_DIGEST = "proxyKeyDigest"
ADMIN_DIGEST = "adminPasswordDigest"
SEAL = "sealCheck"
SEAL_TEXT = "headgate"


@dataclass(frozen=True, slots=True)
class Made:
    """A secret that was just made up: its name for people, and itself, to be shown once."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """The digests in force, and what was made up."""

    proxy_digest: str = field(repr=False)
    admin_digest: str = field(repr=False)
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


async def access(settings: RuntimeSettings, vault: Vault, proxy_key: str | None, admin_password: str | None) -> Access:
    """The digests of the proxy key and the administrator's password. The environment wins, and is not stored."""
    made: list[Made] = []
    proxy = _digest(settings, vault, proxy_key, PROXY_DIGEST, identity.DIGEST)
    if proxy is None:
        made.append(Made("proxy key (PROXY_API_KEY)", f"sk-headgate-{secrets.token_hex(20)}"))
        proxy = vault.digest(identity.DIGEST, made[-1].secret)
        await settings.put({PROXY_DIGEST: proxy})
    admin = _digest(settings, vault, admin_password, ADMIN_DIGEST, administration.PASSWORD)
    if admin is None:
        made.append(Made("admin password (ADMIN_PASSWORD)", secrets.token_urlsafe(18)))
        admin = vault.digest(administration.PASSWORD, made[-1].secret)
        await settings.put({ADMIN_DIGEST: admin})
    return Access(proxy, admin, made)


def _digest(settings: RuntimeSettings, vault: Vault, given: str | None, name: str, purpose: str) -> str | None:
    return vault.digest(purpose, given) if given else settings.hidden(name)
