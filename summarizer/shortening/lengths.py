"""When a conversation is long, and how long its summary may be.

One place for both, for the plan stands on what is asked for: a cut is made where a summary of full length still leaves a gain.
Everything is in estimated tokens.
"""

from dataclasses import dataclass

from summarizer.shortening.policy import Policy

# Half of what most models read, where nobody told what this one does.
USUAL = 100_000
# The shortest threshold that leaves any room for a summary.
LEAST = 4000
# What a summary may be of the threshold, and what of that its parts may be. Four fifths at most are filled: for what is
# not counted, for estimates, and for the last section, which comes on top of those that are not yet too long together.
WHOLE_OF_THRESHOLD = 8
SECTIONS, SECTION, HEADER = 0.4, 0.2, 0.2
MOST_SECTION, MOST_HEADER = 2048, 2000
LEAST_SECTION = 200


@dataclass(frozen=True, slots=True)
class Lengths:
    """`threshold`: what is longer is long. Bounds: of the `whole` summary, of all `sections` together, of one new `section`,
    and of the rule-made `header`.
    """

    threshold: int
    whole: int
    sections: int
    section: int
    header: int


def lengths(policy: Policy, room: int = 0) -> Lengths:
    """For models that read `room`; 0 unknown."""
    threshold = max(LEAST, policy.tokens or room // 2 or USUAL)
    # Only a room that is reached first counts: it differs with the length of the answer, and cuts are to stay where they are.
    whole = (max(LEAST, room // 2) if 0 < room < threshold else threshold) // WHOLE_OF_THRESHOLD
    return Lengths(
        threshold,
        whole,
        sections=int(whole * SECTIONS),
        section=max(LEAST_SECTION, min(MOST_SECTION, int(whole * SECTION))),
        header=min(MOST_HEADER, int(whole * HEADER)),
    )
