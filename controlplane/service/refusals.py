"""Refusals: their words for people, and how they are recorded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.domain.lease import Reason, Refusal
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
UNKNOWN_LEASE = Refusal(Reason.UNKNOWN_LEASE, "the lease is unknown or over")
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
}
