"""Where a request's time went."""

from typing import Any

import pytest

from controlplane.domain.outcome import Attempt, Compression, Ending, Outcome, Usage
from controlplane.rest.waterfall import spans


def outcome(*attempts: Attempt, duration_ms: int = 5000, first_event_ms: int | None = None) -> Outcome:
    return Outcome("ls_1", "req_1", Ending.SERVED, 200, 0, duration_ms, "anthropic", True, Usage(), attempts, first_event_ms=first_event_ms)


def attempt(account_id: str, started_ms: int, ended_ms: int) -> Attempt:
    return Attempt(account_id, "kiro", "m", started_ms, ended_ms)


def chose(account_id: str | None) -> dict[str, Any]:
    return {"step": "chose", "accountId": account_id}


def waited(seconds: float) -> dict[str, Any]:
    return {"step": "waited", "seconds": seconds, "behind": 0}


def renewed(account_id: str, seconds: float) -> dict[str, Any]:
    return {"step": "renewed", "accountId": account_id, "seconds": seconds, "ok": True}


ONE, TWO = attempt("a", 1000, 1100), attempt("b", 4000, 5000)


@pytest.mark.parametrize(
    ("attempts", "steps", "pauses"),
    [
        ((), [], []),
        ((ONE, TWO), [], []),
        ((ONE, TWO), [{"step": "dreamt"}, chose("a"), chose("b")], []),
        ((ONE,), [chose(None), waited(0.75), chose("a")], [("wait", 250, 1000)]),
        ((ONE,), [chose("a"), renewed("a", 0.5)], [("renew", 500, 1000)]),
        ((ONE,), [chose(None), waited(0.25), chose("a"), renewed("a", 0.5)], [("wait", 250, 500), ("renew", 500, 1000)]),
        ((ONE, TWO), [chose("a"), chose(None), waited(2.5), chose("b")], [("wait", 1500, 4000)]),
        ((ONE, TWO), [chose("a"), renewed("a", 0.5), waited(1), chose("b"), renewed("b", 1)], [("renew", 500, 1000), ("wait", 2000, 3000), ("renew", 3000, 4000)]),
        # The token of an account that came to no attempt.
        ((TWO,), [chose("a"), renewed("a", 1), chose("b")], [("renew", 3000, 4000)]),
        # An account that was chosen, but spared for another, whose token could not be had.
        ((TWO,), [chose("b"), {"step": "spared", "accountId": "b"}, chose("a"), renewed("a", 1), chose("b")], [("renew", 3000, 4000)]),
        # Nobody was found: the wait ends with the request.
        ((), [chose(None), waited(5)], [("wait", 0, 5000)]),
        # Clocks of two machines need not agree on how long it was.
        ((ONE,), [waited(9), chose("a")], [("wait", 0, 1000)]),
    ],
)  # fmt: skip
def test_waits_end_when_the_attempt_after_them_begins(attempts: Any, steps: Any, pauses: Any) -> None:
    found = [(span.name, span.start_ms, span.end_ms) for span in spans(outcome(*attempts), steps)]
    assert [span for span in found if span[0] in ("wait", "renew")] == pauses
    assert found[-1] == ("end", 5000, 5000)


@pytest.mark.parametrize(
    ("attempts", "steps", "end"),
    [
        ((ONE, TWO), [chose("a"), chose("b")], 1000),
        ((ONE,), [chose(None), waited(0.75), chose("a")], 250),
        ((ONE,), [chose("a"), renewed("a", 0.5)], 500),
        ((ONE,), [waited(9), chose("a")], 0),
        # The conversation did not fit after all.
        ((), [], 5000),
    ],
)
def test_shortening_takes_the_time_before_the_first_account_is_sought(attempts: Any, steps: Any, end: int) -> None:
    made = outcome(*attempts, first_event_ms=4500)
    made.compression = Compression("model", 120, 80_000, 3000)
    found = [(span.name, span.start_ms, span.end_ms) for span in spans(made, steps)]
    assert found[0] == ("compression", 0, end)
    made.compression = None
    assert [(span.name, span.start_ms, span.end_ms) for span in spans(made, steps)] == found[1:]


def test_everything_stands_in_the_order_in_which_it_began() -> None:
    found = spans(outcome(ONE, TWO, first_event_ms=4500), [chose("a"), waited(1), chose("b")])
    assert [span.name for span in found] == ["attempt 1", "wait", "attempt 2", "first event", "end"]
