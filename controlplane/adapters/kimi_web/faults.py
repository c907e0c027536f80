"""What a page without a nonce means. All of it may pass: an account that needs no sign-in is never lost."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from controlplane.adapters.kimi_web import page
from controlplane.domain.errors import ProviderUnavailable


class Row(NamedTuple):
    """`result` is the metric's word, `wait` how long the page is left alone where it names no time, in seconds."""

    result: str
    message: str
    wait: float | None = None


def missing(status: int, headers: Mapping[str, str], text: str) -> tuple[str, ProviderUnavailable]:
    """The metric's word and the error for an answer without a nonce."""
    if headers.get("cf-mitigated") == "challenge" or (status not in UNCHALLENGED and page.challenges(text)):
        row = CHALLENGED
    else:
        row = STATUSES.get(status) or CLASSES.get(status // 100, FAILED)
    asked = _seconds(headers.get("retry-after"))
    return row.result, ProviderUnavailable(f"{row.message} (status {status})", row.wait if asked is None else asked)


def _seconds(value: str | None) -> float | None:
    try:
        seconds = float(value or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


# Whoever is turned away and comes again at once is turned away for longer.
REFUSED_SECONDS = 300.0

CHALLENGED = Row("challenge", "the Kimi page wants to see a person before it shows its nonce", REFUSED_SECONDS)
REFUSED = Row("refused", "the Kimi page refuses the gateway", REFUSED_SECONDS)
FAILED = Row("failed", "the Kimi page failed")
MOVED = Row("moved", "the Kimi page is somewhere else; check the address")
STATUSES: Mapping[int, Row] = {
    200: Row("missing", "the Kimi page shows no nonce"),
    401: REFUSED,
    403: REFUSED,
    404: MOVED,
    429: Row("throttled", "the Kimi page was asked for too often"),
    451: REFUSED,
}
CLASSES: Mapping[int, Row] = {3: MOVED}
# Here the status says more than the page does.
UNCHALLENGED = frozenset({429})
