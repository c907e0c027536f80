"""Stop sequences, for upstreams that know none.

The answer ends before the first place where any sequence begins; of several that begin there, the
longest is the one that was met. What is found does not depend on how the text was cut into pieces.

Source: Aho and Corasick, Efficient string matching (1975). The state is what is held back itself,
so that each character costs the same however many and long the sequences are.
"""

import re
from collections.abc import Container, Sequence


class Stops:
    """Text in, text out, up to the first of `sequences`. Only what may still become one is held back."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self.hit: str | None = None
        wanted = {sequence for sequence in sequences if sequence}
        self._endings = _endings(wanted)
        self._unfinished = {sequence[:size] for sequence in wanted for size in range(len(sequence))} | {""}
        first = re.escape("".join(sorted({sequence[0] for sequence in wanted})))
        self._opening = re.compile(f"[{first}]" if first else r"(?!)").search
        # The end of the text so far that may become a sequence.
        self._held = ""
        # A sequence in it, and where: it waits for an earlier or longer one that may still come.
        self._met = ""
        self._met_at = 0

    def feed(self, text: str) -> str:
        """What may go out; nothing once a sequence was met."""
        if self.hit is not None:
            return ""
        if not self._held and not self._opening(text):
            return text
        return self._follow(self._held + text)

    def finish(self) -> str:
        """The text has ended, or something else comes between: what was held back is text, unless it holds a sequence."""
        text, self._held = self._held, ""
        if self._met:
            self.hit = self._met
            return text[: self._met_at]
        return text

    def _follow(self, text: str) -> str:
        """`text` begins with what was held back."""
        held, at = self._held, len(self._held)
        while at < len(text):
            begun = _longest(held + text[at], self._endings)
            held = _longest(begun, self._unfinished)
            at += 1
            if ending := self._endings[begun]:
                self._meet(text[at - ending : at], at - ending)
            if self._met and self._met_at < at - len(held):
                self.hit, self._held = self._met, ""
                return text[: self._met_at]
            if not held:
                opening = self._opening(text, at)
                at = opening.start() if opening else len(text)
        return self._hold(text, held)

    def _meet(self, sequence: str, at: int) -> None:
        if not self._met or at <= self._met_at:
            self._met, self._met_at = sequence, at

    def _hold(self, text: str, held: str) -> str:
        self._held = held
        open_at = len(text) - len(held)
        self._met_at -= open_at
        return text[:open_at]


def _endings(sequences: set[str]) -> dict[str, int]:
    """Each beginning of a sequence, with the length of the longest sequence at its end, 0 for none."""
    found = dict.fromkeys({sequence[:size] for sequence in sequences for size in range(len(sequence) + 1)} | {""}, 0)
    # The longest other beginning at the end of each beginning; those of shorter ones are known first.
    rests = {"": ""}
    for beginning in sorted(found, key=len)[1:]:
        head = beginning[:-1]
        rest = _longest(rests[head] + beginning[-1], found) if head else ""
        rests[beginning] = rest
        found[beginning] = len(beginning) if beginning in sequences else found[rest]
    return found


def _longest(text: str, beginnings: Container[str]) -> str:
    """The longest end of `text` that is a beginning."""
    while text not in beginnings:
        text = text[1:]
    return text
