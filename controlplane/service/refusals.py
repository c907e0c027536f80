"""Refusals: their words for people, and how they are recorded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.domain.lease import Reason, Refusal
from controlplane.domain.limits import INSTALLATION, MILLION, Denied, Period, Unit
from controlplane.policy.scheduling import Lack, NoCapacity

LONGEST_WAIT = 86_400  # what a client is told at most, in seconds


def unknown_model(written: str, close: tuple[str, ...]) -> Refusal:
    shown = written if len(written) <= 100 else written[:100] + "…"
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return Refusal(Reason.UNKNOWN_MODEL, f"there is no model {shown!r}{hint}", suggestions=close)


def no_capacity(lack: NoCapacity, model: str, now: float) -> Refusal:
    """A refusal because nobody can serve the model now."""
    row = LACKS[lack.reason]
    wait = None
    if lack.retry_at is not None:
        wait = min(max(math.ceil(lack.retry_at - now), 1), LONGEST_WAIT)
    return Refusal(row.reason, row.message.format(model=model), wait)


MODEL_NOT_ALLOWED = Refusal(Reason.MODEL_NOT_ALLOWED, "the API key may not use this model")


def denied(verdict: Denied, now: float) -> Refusal:
    """A refusal because a limit of the key, or of the installation, stands against it."""
    passing = verdict.period in (None, Period.MINUTE)
    wait = PASSING_WAIT if passing else LONGEST_WAIT
    if verdict.retry_at is not None:
        wait = max(math.ceil(verdict.retry_at - now), 1)
    # What the key may still do says nothing about when the installation may.
    windows = () if verdict.payer_id == INSTALLATION else verdict.windows
    return Refusal(Reason.RATE_LIMITED if passing else Reason.QUOTA_EXHAUSTED, _told(verdict), wait, windows=windows)


def _told(verdict: Denied) -> str:
    whose = "this gateway's" if verdict.payer_id == INSTALLATION else "the key's"
    if verdict.unit is None:
        return f"{whose} limit of {verdict.limit} requests at a time is reached"
    limit = f"{whose} limit of {_amount(verdict.unit, verdict.limit)} {PERIODS[verdict.period or Period.TOTAL]}"
    if verdict.left == verdict.limit:
        return f"{limit} is less than a request like this may need"
    if verdict.left:
        return f"{limit} leaves {_amount(verdict.unit, verdict.left)}, less than this request may need"
    return f"{limit} is reached"


def _amount(unit: Unit, amount: int) -> str:
    return f"{amount / MILLION:g} credits" if unit is Unit.CREDITS else f"{amount} {unit}"


# Said where a limit itself names no time: a bucket of a minute, a cap that never resets.
PASSING_WAIT = 60
PERIODS: Mapping[Period, str] = {
    Period.MINUTE: "a minute",
    Period.DAY: "a day",
    Period.MONTH: "a month",
    Period.TOTAL: "altogether",
}
UNKNOWN_LEASE = Refusal(Reason.UNKNOWN_LEASE, "the lease is unknown or over")
# For a test, which is about the one account.
NO_BEARER = Refusal(Reason.CREDENTIAL_LOST, "the account's token cannot be renewed; how the account stands says why")
# For a defect, or a database that is away: what happened is in the log.
UNANSWERED = Refusal(Reason.NO_ACCOUNT, "the control plane could not answer; try again in a moment", 2)


@dataclass(frozen=True, slots=True)
class Row:
    reason: Reason
    message: str


LACKS: Mapping[Lack, Row] = {
    Lack.BUSY: Row(Reason.ACCOUNTS_BUSY, "every account that could serve {model} is busy or cooling down"),
    Lack.EXHAUSTED: Row(Reason.ACCOUNTS_EXHAUSTED, "every account that could serve {model} has spent its allowance"),
    Lack.NO_ACCOUNT: Row(Reason.NO_ACCOUNT, "no account can serve {model}"),
}

# The client's status and code for a refused request, as the outside contract has them; for its record.
RECORDED: Mapping[Reason, tuple[int, str]] = {
    Reason.MODEL_NOT_ALLOWED: (403, "model_not_allowed"),
    Reason.ADDRESS_NOT_ALLOWED: (403, "address_not_allowed"),
    Reason.UNKNOWN_MODEL: (404, "model_not_found"),
    Reason.RATE_LIMITED: (429, "rate_limit_exceeded"),
    Reason.QUOTA_EXHAUSTED: (429, "insufficient_quota"),
    Reason.ACCOUNTS_BUSY: (429, "rate_limit_exceeded"),
    Reason.ACCOUNTS_EXHAUSTED: (429, "insufficient_quota"),
    Reason.NO_ACCOUNT: (503, "no_account"),
    Reason.UNAUTHENTICATED: (401, "invalid_api_key"),
    Reason.UNKNOWN_LEASE: (503, "no_account"),
    Reason.CREDENTIAL_LOST: (503, "no_account"),
}
