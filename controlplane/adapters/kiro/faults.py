"""What an error answer of Kiro's account endpoints means (Kiro wire notes, refresh failures and error bodies).

The upstream's own words are read here and never passed on: they may quote what they were sent.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from controlplane.adapters.waits import retry_after
from controlplane.domain.errors import AccessRejected, AccountSuspended, CallForbidden, GrantRejected, ProviderError, ProviderUnavailable

REASON = re.compile(r"[A-Za-z][A-Za-z_]{2,63}")


def refresh_fault(status: int, headers: Mapping[str, str], body: Any) -> ProviderError:
    """What a refused refresh means. Only the upstream's plain words make it permanent: a 401 or 403
    without them was seen while the sign-in service had trouble of its own.
    """
    words, reason = _words(body), _reason(body)
    if _suspended(status, words, reason):
        return AccountSuspended("Kiro has suspended this account")
    for known, fault in GRANT_WORDS.items():
        if status in (400, 401, 403) and known in words:
            return fault()
    # A page from a load balancer is no verdict on the account, whatever its status.
    if status in (401, 403) and isinstance(body, dict):
        return AccessRejected(f"Kiro refused the sign-in ({_shown(status, reason)})")
    return _passing("the token refresh", status, headers, body)


def control_fault(status: int, headers: Mapping[str, str], body: Any) -> ProviderError:
    """What a refused models, usage or profiles call means."""
    words, reason = _words(body), _reason(body)
    if _suspended(status, words, reason):
        return AccountSuspended("Kiro has suspended this account")
    if status == 403 and isinstance(body, dict) and "token" not in words:
        return CallForbidden(f"Kiro does not let this account make this call ({_shown(status, reason)})")
    if status in (401, 403) and isinstance(body, dict):
        return AccessRejected(f"Kiro refused the access token ({_shown(status, reason)})")
    return _passing("the request", status, headers, body)


def _passing(what: str, status: int, headers: Mapping[str, str], body: Any) -> ProviderUnavailable:
    shown = _shown(status, _reason(body))
    if status == 429:
        return ProviderUnavailable(f"Kiro throttled {what} ({shown})", retry_after(headers, body))
    return ProviderUnavailable(f"Kiro did not answer {what} ({shown})", retry_after(headers, body))


def _suspended(status: int, words: str, reason: str) -> bool:
    """423 was seen on the web portal only. The wording changed twice, the reason once went missing."""
    if status == 423:
        return True
    return status in (400, 401, 403) and (reason == "TEMPORARILY_SUSPENDED" or any(part in words for part in SUSPENDED_WORDS))


def _shown(status: int, reason: str) -> str:
    return f"status {status}, {reason}" if reason else f"status {status}"


def _words(body: Any) -> str:
    """All the body says in words, lower case."""
    if not isinstance(body, dict):
        return ""
    members = [body.get(name) for name in ("message", "Message", "error", "error_description", "errorDescription")]
    if isinstance(body.get("error"), dict):
        members.append(body["error"].get("message"))
    return " ".join(member for member in members if isinstance(member, str)).lower()


def _reason(body: Any) -> str:
    """The structured reason, at the top or within `error`; empty unless it looks like a constant."""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    for reason in (body.get("reason"), inner.get("reason") if isinstance(inner, dict) else None):
        if isinstance(reason, str) and REASON.fullmatch(reason):
            return reason
    return ""


SUSPENDED_WORDS = (
    "temporarily is suspended",
    "is temporarily suspended",
    "account is suspended",
    "we locked it",
    "we've locked your account",
)
GRANT_WORDS: dict[str, Callable[[], ProviderError]] = {
    "invalid refresh token": lambda: GrantRejected("the refresh token is no longer valid; sign in again"),
    "invalid_grant": lambda: GrantRejected("the refresh token is no longer valid; sign in again"),
    "expired_token": lambda: GrantRejected("the refresh token has expired; sign in again"),
    "invalid_client": lambda: AccessRejected("the client registration is not valid; sign in again or correct clientId and clientSecret"),
    "unauthorized_client": lambda: AccessRejected("the client registration may not refresh; sign in again"),
    "invalid_request": lambda: AccessRejected("the client registration or the refresh token is malformed; sign in again"),
}
