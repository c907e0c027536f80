"""Which tool calls and results belong together.

A result belongs to the nearest call of its id before it: clients number their calls anew in every turn, or repeat an id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from summarizer.shortening.conversation import Call, Result, Turn


@dataclass(frozen=True, slots=True)
class Pairs:
    """`crossing`: for each place, from before the first turn to behind the last, how many calls a cut there would part from
    their last result. `unanswered`: turns that hold a call without any.
    """

    crossing: Sequence[int]
    unanswered: frozenset[int]

    def parted(self, place: int) -> bool:
        return self.crossing[place] > 0


def pairs(turns: Sequence[Turn]) -> Pairs:
    """Of these turns by themselves."""
    latest: dict[str, int] = {}  # by id, the number of its nearest call
    made: list[int] = []  # by number of a call, the turn it is in, and that of its last result
    answered: list[int | None] = []
    for place, turn in enumerate(turns):
        for part in turn.parts:
            if isinstance(part, Call):
                latest[part.id] = len(made)
                made.append(place)
                answered.append(None)
            elif isinstance(part, Result) and part.call_id in latest:
                answered[latest[part.call_id]] = place
    steps = [0] * (len(turns) + 2)
    for call, result in zip(made, answered, strict=True):
        if result is not None:
            steps[call + 1] += 1
            steps[result + 1] -= 1
    unanswered = frozenset(call for call, result in zip(made, answered, strict=True) if result is None)
    return Pairs(list(accumulate(steps[:-1])), unanswered)
