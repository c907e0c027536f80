"""Stop sequences, for upstreams that know none.

The answer ends before the first place where any sequence begins; of several that begin there, the
longest is the one that was met. What is found does not depend on how the text was cut into pieces.
"""

import re
from collections.abc import Sequence


class Stops:
    """Text in, text out, up to the first of `sequences`. Only what may still become one is held back."""

    def __init__(self, sequences: Sequence[str]) -> None:
        self.hit: str | None = None
        self._sequences = sorted(filter(None, sequences), key=len, reverse=True)
        # Longest first, as a pattern's first alternative wins.
        self._find = re.compile("|".join(map(re.escape, self._sequences)) or r"(?!)").search
        self._openings = {sequence[0] for sequence in self._sequences}
        self._reach = max(map(len, self._sequences), default=1) - 1
        self._held = ""

    def feed(self, text: str) -> str:
        """What may go out; nothing once a sequence was met."""
        if self.hit is not None:
            return ""
        text = self._held + text
        found = self._find(text)
        open_at = self._unfinished(text)
        # One that was met waits for an earlier or longer one that may still come.
        if found and found.start() < open_at:
            self.hit, self._held = found[0], ""
            return text[: found.start()]
        self._held = text[open_at:]
        return text[:open_at]

    def finish(self) -> str:
        """The text has ended, or something else comes between: what was held back is text, unless it holds a sequence."""
        text, self._held = self._held, ""
        if found := self._find(text):
            self.hit = found[0]
            return text[: found.start()]
        return text

    def _unfinished(self, text: str) -> int:
        """Where the end of `text` may be the beginning of a sequence; its length when it is none."""
        for at in range(max(0, len(text) - self._reach), len(text)):
            if text[at] in self._openings and any(len(each) > len(text) - at and each.startswith(text[at:]) for each in self._sequences):
                return at
        return len(text)
