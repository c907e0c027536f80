"""The kinds of upstream, and what the control plane must know of each: a table, not code."""

from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.domain.account import Account, AuthMethod, Credentials


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of upstream.

    `auth_methods`: how its accounts may sign in, the usual one first. `fields`: which of the fields that not every
    kind knows mean something to its accounts, by their names in AccountDraft. `base_url`: where its API is unless an
    account says otherwise; empty: that is configured elsewhere. `region`: where accounts sign in that do not say it.
    `allowance`: whether accounts have one that can be asked for, in credits. `open_list`: an account may serve what
    its upstream does not list, so its `models` are what it offers; of other kinds they only limit the list.
    """

    name: str
    auth_methods: tuple[AuthMethod, ...]
    fields: frozenset[str] = frozenset()
    base_url: str = ""
    region: str = ""
    allowance: bool = False
    open_list: bool = False


def fixed(account: Account, credentials: Credentials) -> bool:
    """Whether its bearer is what an administrator gave and nothing renews: an API key, or none at all."""
    return bool(credentials.api_key) or account.auth_method is AuthMethod.NONE


def renewable(account: Account, credentials: Credentials) -> bool:
    """Whether a new bearer can be had without an administrator."""
    return not fixed(account, credentials) and (account.auth_method is AuthMethod.NONCE or bool(credentials.refresh_token))


_TOKENS = frozenset({"refresh_token", "access_token", "client_id", "client_secret"})
_KIRO = _TOKENS | {"api_key", "region", "profile_arn", "machine_id"}
_KEY = frozenset({"api_key"})

# In the order in which accounts of different kinds serve a model that both offer (outside contract, section 1).
KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("kiro", (AuthMethod.SOCIAL, AuthMethod.IDC, AuthMethod.API_KEY), _KIRO, region="us-east-1", allowance=True),
        Kind("kimi-web", (AuthMethod.NONCE,)),
        Kind("openai", (AuthMethod.API_KEY, AuthMethod.NONE), _KEY, "https://api.openai.com/v1", open_list=True),
        Kind("anthropic", (AuthMethod.API_KEY,), _KEY, "https://api.anthropic.com", open_list=True),
    )
}
