"""A managed key: who may use what."""

from dataclasses import dataclass, field

from controlplane.domain.limits import NO_LIMITS, Limits


@dataclass(frozen=True, slots=True)
class Key:
    """A managed key as it is stored. Times are epoch seconds, 0: none.

    `prefix` is the visible beginning of the key, `digest` its keyed hash. Empty tuples allow all.
    `allowed_models` are public names, `*` stands for any run of characters; `allowed_ips` are
    addresses or networks. `old_digest` is the digest before the last rotation, good until
    `old_until`. `strict`: refuse requests of which something would have to be left out.
    `compression`: its conversations may be shortened.
    """

    id: str
    name: str
    prefix: str
    digest: str = field(repr=False)
    enabled: bool = True
    allowed_models: tuple[str, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    expires_at: int = 0
    created_at: int = 0
    old_digest: str = field(default="", repr=False)
    old_until: int = 0
    strict: bool = False
    limits: Limits = NO_LIMITS
    compression: bool = True


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A new key as an administrator asks for it."""

    name: str
    enabled: bool = True
    allowed_models: tuple[str, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    expires_at: int = 0
    strict: bool = False
    limits: Limits = NO_LIMITS
    compression: bool = True


PROXY_KEY_ID = "proxy"
# Who pays for what administrators ask in the console: tests of accounts, the playground.
CONSOLE_KEY_ID = "console"
