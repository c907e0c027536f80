"""Which turns a summary stands for. Pure: the same conversation under the same policy has the same cuts.

Nothing is remembered between requests, and yet a conversation that has grown by a turn is to be cut where it was cut before:
only then does its provider find in its own cache what it read, and only then is the summary known. So every plan begins at the
conversation's first turn and goes through all moments at which a request could have been made. At each it knows the cut in
force and decides whether a new one is due.

A new one is due seldom: it has to gain much. That also is why a conversation that is shortened already stays as it is; its
beginning, a summary, is never enough to be worth another. Both hold as long as results of tools come before the model speaks
again. One that comes later still finds its call, but the cut may then be another one.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from summarizer.shortening.conversation import Conversation, Turn
from summarizer.shortening.lengths import Lengths, lengths
from summarizer.shortening.pairs import pairs
from summarizer.shortening.policy import Policy

# An estimate may be this much too low.
MARGIN = 1.1
# A cut that is made because nothing else fits leaves this share free, if it can: the next turns are to fit as well.
COMFORT = 0.8
# Fewer of the latest turns never stay.
LEAST_KEPT = 4
# Prompts and tools that differ a little, for a date or a path in them, count the same; in rooms that are small, less so.
GRAIN, GRAINS = 2048, 64
STEPS = 8
# A cut has to replace this share of the threshold; one that is made for the number of turns, this share of that number,
# or of those that stay, and altogether so many tokens.
WORTH, WORTH_TURNS, LEAST_TURNS, LEAST_TOKENS = 4, 4, 4, 2000
# A summary and its acknowledgement.
OPENING_TURNS = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """`cuts`: how many turns from the beginning stood behind each cut that was ever made, ascending; the last is the one
    in force. None: the conversation passes as it is.
    """

    cuts: Sequence[int]

    @property
    def boundary(self) -> int:
        """Turns that the summary stands for; 0: none."""
        return self.cuts[-1] if self.cuts else 0


def plan(conversation: Conversation, policy: Policy) -> Plan:
    """Where the conversation is cut."""
    if not conversation.turns:
        return Plan(())
    sizes = Sizes(conversation, lengths(policy, conversation.room))
    rule = Rule(sizes, Places(conversation.turns), policy)
    cuts: list[int] = []
    for end in moments(conversation.turns):
        boundary = cuts[-1] if cuts else 0
        if (cut := rule.due(boundary, end)) > boundary:
            cuts.append(cut)
    # An answer that the client began itself is part of the request, but no cut is owed to it unless nothing else helps.
    boundary, end = cuts[-1] if cuts else 0, len(conversation.turns)
    if conversation.turns[-1].role == "assistant" and sizes.bursts(boundary, end):
        cuts += [cut for cut in (rule.fitting(boundary, end),) if cut > boundary]
    return Plan(tuple(cuts))


def moments(turns: Sequence[Turn]) -> Iterator[int]:
    """How many turns there were when a request could have been made: the model had not answered yet."""
    return (place for place, turn in enumerate(turns, 1) if turn.role != "assistant")


def raised(value: int, grain: int) -> int:
    """To the next multiple."""
    return -(-value // grain) * grain


class Sizes:
    """What a conversation is long, up to any of its turns and with a summary of full length for any beginning."""

    def __init__(self, conversation: Conversation, bounds: Lengths) -> None:
        turns, room = conversation.turns, conversation.room
        self._tokens = [0, *accumulate(turn.tokens for turn in turns)]
        # System turns stay, wherever they are.
        self._standing_tokens = [0, *accumulate(turn.tokens if turn.role == "system" else 0 for turn in turns)]
        self._standing = [0, *accumulate(turn.role == "system" for turn in turns)]
        self._overhead = raised(conversation.overhead, max(1, min(GRAIN, room // GRAINS)) if room else GRAIN)
        # Where nothing has to fit it counts in larger steps: one that is crossed moves every cut.
        self._coarse = raised(conversation.overhead, max(GRAIN, bounds.threshold // STEPS))
        self._room = room
        self.bounds = bounds

    def tokens(self, boundary: int, end: int) -> int:
        """Of all of it, sent with that boundary."""
        summary = self.bounds.whole if boundary else 0
        return self._overhead + summary + self._standing_tokens[boundary] + self._tokens[end] - self._tokens[boundary]

    def long(self, boundary: int, end: int) -> bool:
        """Whether it is above the threshold."""
        return self.tokens(boundary, end) - self._overhead + self._coarse > self.bounds.threshold

    def turns(self, boundary: int, end: int) -> int:
        return end - boundary + self._standing[boundary] + (OPENING_TURNS if boundary else 0)

    def bursts(self, boundary: int, end: int, share: float = 1.0) -> bool:
        """Whether the model may not be able to read it, or this much less."""
        return self._room > 0 and self.tokens(boundary, end) * MARGIN > self._room * share

    def replaced(self, boundary: int, cut: int) -> int:
        """Tokens that a new cut takes away, the old summary included."""
        went = self._tokens[cut] - self._tokens[boundary] - self._standing_tokens[cut] + self._standing_tokens[boundary]
        return went + (self.bounds.whole if boundary else 0)

    def replaced_turns(self, boundary: int, cut: int) -> int:
        went = cut - boundary - self._standing[cut] + self._standing[boundary]
        return went + (OPENING_TURNS if boundary else 0)


class Places:
    """Where a conversation may be cut: never between a call and its result, never before a system turn, and somebody has to
    have said something before it.
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        found = pairs(turns)
        self._allowed = [place for place in range(spoken(turns), len(turns)) if turns[place].role != "system" and not found.parted(place)]
        # A turn in which the user speaks of something new.
        self._plain = [place for place in self._allowed if turns[place].role == "user" and not turns[place].results]
        # At each moment, the turn that waits for results nobody has given yet; the moment itself where none does.
        self._waiting = list(waiting(turns, found.unanswered))

    def best(self, boundary: int, end: int, kept: int, lookback: int) -> int:
        """The cut that keeps `kept` turns, or up to `lookback` more where that spares tool work; 0 none."""
        latest = last(self._allowed, min(end - kept, end - 1, self._waiting[end]))
        plain = last(self._plain, latest)
        return plain if plain > boundary and plain >= latest - lookback else latest


def spoken(turns: Sequence[Turn]) -> int:
    """How many turns there are until somebody but the system has said something."""
    return next((place for place, turn in enumerate(turns, 1) if turn.role != "system"), len(turns))


def waiting(turns: Sequence[Turn], unanswered: frozenset[int]) -> Iterator[int]:
    spoke = -1
    yield 0
    for place, turn in enumerate(turns):
        if turn.role == "assistant":
            spoke = place
        yield spoke if spoke in unanswered else place + 1


def last(places: Sequence[int], most: int) -> int:
    """The last of them that is at most so much; 0 none."""
    found = bisect_right(places, most)
    return places[found - 1] if found else 0


class Rule:
    """Whether a cut is due, and where."""

    def __init__(self, sizes: Sizes, places: Places, policy: Policy) -> None:
        self._sizes = sizes
        self._places = places
        self._policy = policy
        self._worth = sizes.bounds.threshold // WORTH
        self._worth_turns = max(LEAST_TURNS, policy.turns // WORTH_TURNS, policy.keep_turns // WORTH_TURNS)

    def due(self, boundary: int, end: int) -> int:
        """The cut to be in force when so many turns are there; `boundary` where no new one is due."""
        sizes = self._sizes
        if sizes.bursts(boundary, end):
            return self.fitting(boundary, end)
        if self._policy.only_to_fit:
            return boundary
        long, many = sizes.long(boundary, end), sizes.turns(boundary, end) > self._policy.turns
        if not (long or many):
            return boundary
        cut = max(boundary, self._places.best(boundary, end, self._policy.keep_turns, self._policy.tool_lookback))
        return cut if (long and self._shortens(boundary, cut)) or (many and self._lessens(boundary, cut)) else boundary

    def fitting(self, boundary: int, end: int) -> int:
        """The first cut, of those that keep less and less, that leaves room to spare; else the last that fits at all."""
        fits = boundary
        for kept, lookback in fewer(self._policy.keep_turns, self._policy.tool_lookback):
            cut = max(boundary, self._places.best(boundary, end, kept, lookback))
            if cut <= boundary or self._sizes.bursts(cut, end):
                continue
            fits = cut
            if not self._sizes.bursts(cut, end, COMFORT):
                break
        return fits

    def _shortens(self, boundary: int, cut: int) -> bool:
        """Enough for the summary it costs, and for what the provider then has to read anew."""
        return cut > boundary and self._sizes.replaced(boundary, cut) >= self._sizes.bounds.whole + self._worth

    def _lessens(self, boundary: int, cut: int) -> bool:
        many = self._sizes.replaced_turns(boundary, cut) >= OPENING_TURNS + self._worth_turns
        return cut > boundary and many and self._sizes.replaced(0, cut) >= LEAST_TOKENS


def fewer(kept: int, lookback: int) -> Iterator[tuple[int, int]]:
    """How many turns stay, and how many more for tool work: half of it again and again, at last the least and none."""
    while kept > LEAST_KEPT:
        yield kept, lookback
        kept //= 2
    yield LEAST_KEPT, lookback
    yield LEAST_KEPT, 0
