"""How one account fared in the choices of a decision record, without the rest of the record: those of a pool of
hundreds are long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from controlplane.policy import decisions
from controlplane.policy.snapshots import Record


class Result(StrEnum):
    """ABSENT: it was no candidate of this choice, though it was of another one of the same request."""

    CHOSEN = "chosen"
    OUTSCORED = "outscored"
    EXCLUDED = "excluded"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice. `winner`: the id of who was chosen, empty: nobody. `rule` and the `value` that decided tell what put
    the account out; `score`: what spoke for it, None where it was out.
    """

    result: Result
    winner: str = ""
    rule: str = ""
    value: str = ""
    score: float | None = None


def picks(text: str, account_id: str) -> Sequence[Pick]:
    """Each choice of the record, in order; none where the account was no candidate, and of a text that cannot be read."""
    if account_id not in text:
        return ()
    try:
        found = [_pick(record, account_id) for record in decisions.choices(text)]
    except (ValueError, LookupError, TypeError):
        return ()
    return found if any(one.result is not Result.ABSENT for one in found) else ()


def _pick(record: Record, account_id: str) -> Pick:
    # The last four members of a choice: see `snapshots.taken`.
    live, *_, (chosen, _, _, scores, exclusions) = record[8:]
    winner = chosen or ""
    place = next((place for place, one in enumerate(live) if one[0] == account_id), None)
    if place is None:
        return Pick(Result.ABSENT, winner)
    before = 0
    for out, rule, _, value in exclusions:
        if out == place:
            return Pick(Result.EXCLUDED, winner, rule, value)
        before += out < place
    # Scores are of those that are not out, in their order; the last part is the sum.
    score = scores[place - before][-1]
    return Pick(Result.CHOSEN if winner == account_id else Result.OUTSCORED, winner, score=score)
