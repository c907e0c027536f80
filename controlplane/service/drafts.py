"""Drafts of accounts: what an administrator gives, turned into a record and its secrets, and checked."""

import re
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from controlplane.domain.account import Account, AccountDraft, AuthMethod, Credentials
from controlplane.domain.errors import Invalid
from controlplane.domain.kinds import KINDS
from controlplane.policy import proxies, sign_ins
from controlplane.policy.families import ARN, machine_id
from controlplane.service.roster import Seat

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
SECRETS = ("refresh_token", "access_token", "client_id", "client_secret", "api_key")
LONGEST_MODEL = 200
# How much of its id an account without a label is called by.
ENDINGS = (6, 16)


def drawn(draft: AccountDraft, account_id: str, created_at: int, taken: Container[str] = ()) -> tuple[Account, Credentials]:
    """The account and its secrets that a draft describes. `taken`: labels of others, lower case."""
    credentials = Credentials(
        draft.refresh_token.strip(),
        draft.access_token.strip(),
        draft.client_id.strip(),
        draft.client_secret.strip(),
        draft.api_key.strip(),
        draft.expires_at,
    )
    kind = KINDS[draft.kind]
    account = Account(
        id=account_id,
        kind=draft.kind,
        label=draft.label.strip() or _label(draft.kind, account_id, taken),
        auth_method=draft.auth_method or sign_ins.method(draft),
        region=draft.region or kind.region,
        profile_arn=draft.profile_arn,
        machine_id=machine_id(draft.machine_id, credentials) if "machine_id" in kind.fields else "",
        base_url=draft.base_url.rstrip("/"),
        models=draft.models,
        priority=draft.priority,
        max_concurrency=draft.max_concurrency,
        proxy_url=draft.proxy_url.rstrip("/"),
        disabled=draft.disabled,
        created_at=created_at,
    )
    return account, credentials


def fit(kind: str, given: Mapping[str, Any], offered: Collection[str]) -> None:
    """See that an administrator gives only what means something to accounts of the kind. Raises Invalid."""
    if kind not in offered:
        raise Invalid(f"kind is not one of {', '.join(offered)}", "kind")
    for name, spelled in SPELLED.items():
        if given.get(name) and name not in KINDS[kind].fields:
            raise Invalid(f"{spelled} means nothing to an account of kind {kind}", spelled)


def given(draft: AccountDraft) -> Mapping[str, Any]:
    """The draft's fields by name."""
    return {field.name: getattr(draft, field.name) for field in fields(draft)}


def check(account: Account, credentials: Credentials) -> None:
    """Raises Invalid, naming the field as the outside contract spells it."""
    proxy = proxies.fault(account.proxy_url) if account.proxy_url else ""
    _hold(
        (
            *_label_rules(account.label),
            (not account.region or bool(REGION.fullmatch(account.region)), "region", "is not the name of an AWS region"),
            (not account.profile_arn or bool(ARN.fullmatch(account.profile_arn)), "profileArn", "is not the ARN of a profile"),
            (not account.base_url or _is_url(account.base_url), "baseUrl", "is not an http or https address"),
            (all(map(_is_model, account.models)), "models", f"must be names of 1 to {LONGEST_MODEL} printable characters"),
            ("{" not in account.base_url or "region" in KINDS[account.kind].fields, "baseUrl", "names a region, which its kind has not"),
            (not proxy, "proxyUrl", proxy),
            (not account.proxy_url or _parses(account.proxy_url), "proxyUrl", proxies.FORM),
            (0 <= account.max_concurrency <= 10_000, "maxConcurrency", "is not between 0 and 10000"),
            (-1000 <= account.priority <= 1000, "priority", "is not between -1000 and 1000"),
            *((_is_token(getattr(credentials, name)), SPELLED[name], "holds characters no token has") for name in SECRETS),
            ("..." not in credentials.refresh_token, "refreshToken", "has been shortened; paste the whole token"),
            *sign_ins.rules(account, credentials),
        )
    )


def check_label(label: str) -> None:
    """Raises Invalid."""
    _hold(_label_rules(label))


def complete(draft: AccountDraft) -> None:
    """See that the draft holds what its kind and its way of signing in need, and nothing strange. Raises Invalid."""
    fit(draft.kind, given(draft), KINDS)
    _hold(sign_ins.rules(*drawn(draft, "", 0)))


def _hold(rules: Sequence[sign_ins.Rule]) -> None:
    for holds, field, phrase in rules:
        if not holds:
            raise Invalid(f"{field} {phrase}", field)


def _label_rules(label: str) -> Sequence[sign_ins.Rule]:
    return (
        (_is_label(label), "label", "must be 1 to 100 printable characters without a slash"),
        (label.lower() not in KINDS, "label", "must not be the name of a kind"),
    )


def _label(kind: str, account_id: str, taken: Container[str]) -> str:
    """A label from the id that nobody else has."""
    labels = [f"{kind}-{account_id[-length:]}" for length in ENDINGS]
    return next((label for label in labels if label not in taken), labels[-1])


def _is_label(text: str) -> bool:
    return 0 < len(text) <= 100 and text.isprintable() and "/" not in text


def _is_token(text: str) -> bool:
    """Whether it can stand in a header; empty: there is none."""
    return not text or (text.isascii() and text.isprintable())


def _is_model(text: str) -> bool:
    return 0 < len(text) <= LONGEST_MODEL and text.isprintable() and text == text.strip()


def _is_url(text: str) -> bool:
    if not _is_token(text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0 and _parses(text)
    except ValueError:
        return False


def _parses(text: str) -> bool:
    """Whether the HTTP library takes it for an address with a host: what it refuses would fail with every call."""
    try:
        return bool(httpx.URL(text).host)
    except (httpx.InvalidURL, UnicodeError):  # the second for a host's name that is no international one
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


def secrets(seat: Seat, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The secrets that become others by `changes`; empty: the sign-in stays. Tokens and an API key are
    two ways to sign in, so one takes the other's place, and an access token ends with its sign-in; a nonce
    with the site that gave it, also one that is being fetched from there.
    """
    account, credentials = seat.account, seat.credentials
    if account.auth_method is AuthMethod.NONCE and changes.get("base_url", account.base_url).rstrip("/") != account.base_url:
        return {"access_token": ""}
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


def vouches(changes: Mapping[str, Any]) -> bool:
    """Whether an administrator gives a secret, be it the one that is there: it is worth another try."""
    return any(changes.get(name, "").strip() for name in SECRETS)


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
    if "profile_arn" not in changes and (draft.auth_method or sign_ins.method(draft)) is not seat.account.auth_method:
        # A profile goes with its family of sign-ins; the upstream refuses another's.
        draft = replace(draft, profile_arn="")
    return draft


def unmasked(seat: Seat, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The changes without a proxy's address that is given back as it was shown: it stays as it is."""
    if changes.get("proxy_url") and changes["proxy_url"].rstrip("/") == proxies.shown(seat.account.proxy_url):
        return {name: value for name, value in changes.items() if name != "proxy_url"}
    return changes


# What the way of signing in is told from.
TELLING = frozenset({"api_key", "client_id", "client_secret"})
# How the outside contract spells what not every kind knows.
SPELLED: Mapping[str, str] = {
    "refresh_token": "refreshToken",
    "access_token": "accessToken",
    "client_id": "clientId",
    "client_secret": "clientSecret",
    "api_key": "apiKey",
    "region": "region",
    "profile_arn": "profileArn",
    "machine_id": "machineId",
}
