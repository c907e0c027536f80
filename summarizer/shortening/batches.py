"""What is summarised in one model call each."""

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate, pairwise

from summarizer.shortening.conversation import Turn
from summarizer.shortening.pairs import pairs
from summarizer.shortening.policy import Policy
from summarizer.shortening.transcript import length

# Summaries are made anew when what the model is asked has changed much.
VERSION = 1
NAME_BYTES = 32
# A batch may be this much larger, so as not to part a call from its result.
STRETCH = 2


def batches(turns: Sequence[Turn], cuts: Sequence[int], policy: Policy) -> list[int]:
    """Where batches end, as counts of turns from the beginning, ascending; every cut is among them. What is decided of a
    beginning does not depend on what follows.
    """
    return [
        begin + end for begin, cut in pairwise((0, *cuts)) for end in split(turns[begin:cut], policy)
    ]  # a cut never parts a pair, so what lies between two is complete


def split(turns: Sequence[Turn], policy: Policy) -> list[int]:
    """Where batches end that all these turns are in."""
    found = pairs(turns)
    whole = [place for place in range(1, len(turns) + 1) if not found.parted(place)]
    sizes = [0, *accumulate(length(turn, policy.batch_characters) for turn in turns)]

    def reach(begin: int, times: int) -> int:
        """How far a batch may go, if it is so many times as large as it should be; one turn at least."""
        within = bisect_right(sizes, sizes[begin] + policy.batch_characters * times) - 1
        return max(begin + 1, min(within, begin + policy.batch_turns * times, len(turns)))

    ends: list[int] = []
    begin = 0
    while begin < len(turns):
        far = reach(begin, 1)
        before = bisect_right(whole, far)
        if before and whole[before - 1] > begin:
            far = whole[before - 1]
        elif whole[before] <= reach(begin, STRETCH):
            far = whole[before]
        ends.append(far)
        begin = far
    return ends


def names(turns: Sequence[Turn], ends: Sequence[int], policy: Policy) -> list[bytes]:
    """For each end the name of a summary of everything before it: content, model, and what of the policy shapes it."""
    shape = repr((VERSION, policy.model, policy.ratio, policy.batch_turns, policy.batch_characters)).encode()
    chain = blake2b(len(shape).to_bytes(4) + shape, digest_size=NAME_BYTES)
    found: list[bytes] = []
    for begin, end in pairwise((0, *ends)):
        for turn in turns[begin:end]:
            chain.update(turn.role[:1].encode() + len(turn.digest).to_bytes(2) + turn.digest)
        found.append(chain.digest())  # of all until here; it can go on
    return found
