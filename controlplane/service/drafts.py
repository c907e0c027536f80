"""Drafts of accounts: what an administrator gives, turned into a record and its secrets, and checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from controlplane.domain.account import Account, AccountDraft, AuthMethod, Credentials
from controlplane.domain.errors import Invalid
from controlplane.policy.families import ARN, machine_id
from controlplane.service.roster import Seat

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
SECRETS = ("refresh_token", "access_token", "client_id", "client_secret", "api_key")


def drawn(draft: AccountDraft, account_id: str, created_at: int) -> tuple[Account, Credentials]:
    """The account and its secrets that a draft describes."""
    credentials = Credentials(
        draft.refresh_token.strip(),
        draft.access_token.strip(),
        draft.client_id.strip(),
        draft.client_secret.strip(),
        draft.api_key.strip(),
        draft.expires_at,
    )
    account = Account(
        id=account_id,
        kind=draft.kind,
        label=draft.label.strip() or f"{draft.kind}-{account_id[-6:]}",
        auth_method=draft.auth_method or _method(draft),
        region=draft.region,
        profile_arn=draft.profile_arn,
        machine_id=machine_id(draft.machine_id, credentials),
        base_url=draft.base_url.rstrip("/"),
        models=draft.models,
        priority=draft.priority,
        max_concurrency=draft.max_concurrency,
        proxy_url=draft.proxy_url,
        disabled=draft.disabled,
        created_at=created_at,
    )
    return account, credentials


def check(account: Account, credentials: Credentials, kinds: Sequence[str]) -> None:
    """Raises Invalid, naming the field as the outside contract spells it."""
    rules = (
        (account.kind in kinds, "kind", f"is not one of {', '.join(kinds)}"),
        (_is_label(account.label), "label", "must be 1 to 100 printable characters without a slash"),
        (account.label.lower() not in kinds, "label", "must not be the name of a kind"),
        (bool(REGION.fullmatch(account.region)), "region", "is not the name of an AWS region"),
        (not account.profile_arn or bool(ARN.fullmatch(account.profile_arn)), "profileArn", "is not the ARN of a profile"),
        (not account.base_url or _is_url(account.base_url), "baseUrl", "is not an http or https address"),
        (not account.proxy_url or _is_url(account.proxy_url), "proxyUrl", "is not an http or https address"),
        (0 <= account.max_concurrency <= 10_000, "maxConcurrency", "is not between 0 and 10000"),
        (-1000 <= account.priority <= 1000, "priority", "is not between -1000 and 1000"),
        (bool(credentials.bearer or credentials.refresh_token), "refreshToken", "is missing, and so are accessToken and apiKey"),
        (
            all(_is_token(getattr(credentials, name)) for name in SECRETS),
            "refreshToken",
            "or another credential holds characters no token has",
        ),
        ("..." not in credentials.refresh_token, "refreshToken", "has been shortened; paste the whole token"),
        (account.auth_method is not AuthMethod.API_KEY or bool(credentials.api_key), "apiKey", "is missing"),
        (
            account.auth_method is not AuthMethod.IDC or not credentials.refresh_token or bool(credentials.client_secret),
            "clientSecret",
            "is needed to refresh an idc account, and so is clientId",
        ),
    )
    for holds, field, phrase in rules:
        if not holds:
            raise Invalid(f"{field} {phrase}", field)


def _method(draft: AccountDraft) -> AuthMethod:
    """How an account signs in, told from what was given."""
    if draft.api_key:
        return AuthMethod.API_KEY
    return AuthMethod.IDC if draft.client_id and draft.client_secret else AuthMethod.SOCIAL


def _is_label(text: str) -> bool:
    return 0 < len(text) <= 100 and text.isprintable() and "/" not in text


def _is_token(text: str) -> bool:
    """Whether it can stand in a header; empty: there is none."""
    return not text or (text.isascii() and text.isprintable())


def _is_url(text: str) -> bool:
    if not _is_token(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def of(seat: Seat) -> AccountDraft:
    """The draft that would make the account as it is."""
    account, credentials = seat.account, seat.credentials
    return AccountDraft(
        kind=account.kind,
        label=account.label,
        auth_method=account.auth_method,
        refresh_token=credentials.refresh_token,
        access_token=credentials.access_token,
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        api_key=credentials.api_key,
        expires_at=credentials.expires_at,
        region=account.region,
        profile_arn=account.profile_arn,
        machine_id=account.machine_id,
        base_url=account.base_url,
        models=account.models,
        priority=account.priority,
        max_concurrency=account.max_concurrency,
        proxy_url=account.proxy_url,
        disabled=account.disabled,
    )


def secrets(credentials: Credentials, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The secrets that become others by `changes`; empty: the sign-in stays. Tokens and an API key are
    two ways to sign in, so one takes the other's place, and an access token ends with its sign-in.
    """
    given = {name: changes[name].strip() for name in SECRETS if name in changes}
    new = {name: value for name, value in given.items() if value != getattr(credentials, name)}
    if not new:
        return {}
    gone: tuple[str, ...] = ()
    if new.get("api_key"):
        gone = ("refresh_token", "client_id", "client_secret")
    elif new.get("refresh_token") or new.get("access_token"):
        gone = ("api_key",)
    left = [name for name in gone if name not in given and getattr(credentials, name)]
    return {"access_token": "", **dict.fromkeys(left, ""), **new}


def changed(seat: Seat, changes: Mapping[str, Any], new: Mapping[str, Any]) -> AccountDraft:
    """The draft that makes of the account, as it is now, what `changes` want of it. `new`: the secrets
    that they replace.
    """
    draft = replace(of(seat), **changes)
    if not new:
        return draft
    draft = replace(draft, **new, expires_at=changes.get("expires_at", 0) if new["access_token"] else 0)
    if "auth_method" not in changes and new.keys() & TELLING:
        draft = replace(draft, auth_method=None)
    if "profile_arn" not in changes and (draft.auth_method or _method(draft)) is not seat.account.auth_method:
        # A profile goes with its family of sign-ins; the upstream refuses another's.
        draft = replace(draft, profile_arn="")
    return draft


# What the way of signing in is told from.
TELLING = frozenset({"api_key", "client_id", "client_secret"})
