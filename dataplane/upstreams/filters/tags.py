"""Thinking in tags, from models without a channel of its own. Source: Kiro wire notes, thinking tags inside text."""

import re
from collections.abc import Callable

from dataplane.upstreams.filters.held import Held

TAGS = ("<thinking>", "<think>", "<reasoning>", "<thought>")
LONGEST_TAG = max(map(len, TAGS))

Pieces = list[tuple[bool, str]]

_SOLID = re.compile(r"\S")


class Thoughts:
    """Text in, pieces out: (True, thinking) and (False, text), none of them empty.

    Only a tag that opens the answer counts, and only an end tag that ends its line, opens its line or
    ends the text: models write about such tags, too. Thinking that is never closed is all there is.
    """

    def __init__(self) -> None:
        # White space that waits for what follows it, and what follows it as long as that may be a tag.
        self._blank = Held()
        self._partial = ""
        self._end_tag = ""
        # The last character of the thinking so far.
        self._last = "\n"
        # Reads on in the text, given where; says how far it came.
        self._step: Callable[[str, int, Pieces], int] = self._opening

    @property
    def settled(self) -> bool:
        """Whether nothing waits, and nothing but text can follow."""
        return self._step == self._text

    def feed(self, text: str) -> Pieces:
        """The pieces that are decided; what may still be a tag, or the space around one, waits."""
        if self._partial:
            text, self._partial = self._partial + text, ""
        at, pieces = 0, Pieces()
        while at < len(text):
            at = self._step(text, at, pieces)
        return pieces

    def finish(self) -> Pieces:
        """The text has ended, or something else comes between; what follows is text."""
        blank, partial, step = self._blank.take(), self._partial, self._step
        self._partial, self._step = "", self._text
        if step == self._opening and (blank or partial):
            return [(False, blank + partial)]
        if step == self._thinking and partial:
            return [(True, partial)]
        return []

    def _opening(self, text: str, at: int, pieces: Pieces) -> int:
        """Nothing but white space came so far."""
        start = _solid(text, at)
        self._blank.add(text[at:start])
        tag = next((tag for tag in TAGS if text.startswith(tag, start)), "")
        if tag:
            self._blank.clear()
            self._end_tag, self._step = f"</{tag[1:]}", self._thinking_begins
            return start + len(tag)
        if len(text) - start < LONGEST_TAG and any(tag.startswith(text[start:]) for tag in TAGS) and not self._blank.full:
            self._partial = text[start:]
            return len(text)
        return self._speak(text, start, pieces)

    def _thinking_begins(self, text: str, at: int, _pieces: Pieces) -> int:
        self._step = self._thinking
        return at + (text[at] == "\n")

    def _thinking(self, text: str, at: int, pieces: Pieces) -> int:
        """Give on all but what may be the end tag."""
        end = text.find(self._end_tag, at)
        if end >= 0:
            self._think(text[at:end], pieces)
            self._step = self._closing
            return end + len(self._end_tag)
        end = text.rfind("<", max(at, len(text) - len(self._end_tag) + 1))
        if end < 0 or not self._end_tag.startswith(text[end:]):
            end = len(text)
        self._think(text[at:end], pieces)
        self._partial = text[end:]
        return len(text)

    def _closing(self, text: str, at: int, pieces: Pieces) -> int:
        """After an end tag came nothing but white space; one in the middle of a line is thinking."""
        start = _solid(text, at)
        solid = start < len(text)
        if text.find("\n", at, start) >= 0 or (solid and self._last == "\n"):
            self._step = self._text_begins
            return at
        self._blank.add(text[at:start])
        if solid or self._blank.full:
            self._think(self._end_tag + self._blank.take(), pieces)
            self._step = self._thinking
        return start

    def _text_begins(self, text: str, at: int, pieces: Pieces) -> int:
        """Blank lines after the thinking belong to it; the first line keeps its indentation."""
        start = _solid(text, at)
        newline = text.rfind("\n", at, start)
        if newline >= 0:
            self._blank.clear()
            at = newline + 1
        self._blank.add(text[at:start])
        return self._speak(text, start, pieces) if start < len(text) or self._blank.full else start

    def _speak(self, text: str, start: int, pieces: Pieces) -> int:
        """What waits is text, and so is all that follows."""
        self._step = self._text
        pieces.append((False, self._blank.take() + text[start:]))
        return len(text)

    def _text(self, text: str, at: int, pieces: Pieces) -> int:
        pieces.append((False, text[at:]))
        return len(text)

    def _think(self, text: str, pieces: Pieces) -> None:
        if text:
            self._last = text[-1]
            pieces.append((True, text))


def _solid(text: str, at: int) -> int:
    """Where the white space at `at` ends."""
    found = _SOLID.search(text, at)
    return found.start() if found else len(text)
