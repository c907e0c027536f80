"""Thinking in tags, from models without a channel of its own. Source: Kiro wire notes, thinking tags inside text."""

from collections.abc import Callable

TAGS = ("<thinking>", "<think>", "<reasoning>", "<thought>")

Pieces = list[tuple[bool, str]]


class Thoughts:
    """Text in, pieces out: (True, thinking) and (False, text), none of them empty.

    Only a tag that opens the answer counts, and only an end tag that ends its line, opens its line or
    ends the text: models write about such tags, too. Thinking that is never closed is all there is.
    """

    def __init__(self) -> None:
        self._held = ""
        self._end_tag = ""
        # The last character of the thinking so far.
        self._last = "\n"
        # What is done with what is held; says whether more can be done at once.
        self._step: Callable[[Pieces], bool] = self._opening

    def feed(self, text: str) -> Pieces:
        """The pieces that are decided; what may still be a tag, or the space around one, waits."""
        self._held += text
        pieces: Pieces = []
        while self._step(pieces):
            pass
        return pieces

    def finish(self) -> Pieces:
        """The text has ended, or something else comes between; what follows is text."""
        held, self._held = self._held, ""
        step, self._step = self._step, self._text
        if step == self._thinking:
            thinking, tag, after = held.partition(self._end_tag)
            held = thinking if tag and not after.strip() else held
        elif step in {self._thinking_begins, self._text_begins}:
            held = ""
        return [(step == self._thinking, held)] if held else []

    def _opening(self, _pieces: Pieces) -> bool:
        """Nothing but white space came so far."""
        text = self._held.lstrip()
        if any(len(text) < len(tag) and tag.startswith(text) for tag in TAGS):
            return False
        tag = next((tag for tag in TAGS if text.startswith(tag)), "")
        if not tag:
            self._step = self._text
            return True
        self._held, self._end_tag = text.removeprefix(tag), f"</{tag[1:]}"
        self._step = self._thinking_begins
        return True

    def _thinking_begins(self, _pieces: Pieces) -> bool:
        if not self._held:
            return False
        self._held = self._held.removeprefix("\n")
        self._step = self._thinking
        return True

    def _thinking(self, pieces: Pieces) -> bool:
        """Give on all but what may be the end tag; an end tag in the middle of a line is thinking."""
        at = self._held.find(self._end_tag)
        if at < 0:
            at = self._unfinished()
        else:
            after = self._held[at + len(self._end_tag) :]
            space = after[: len(after) - len(after.lstrip())]
            opens_line = (self._held[at - 1] if at else self._last) == "\n"
            if "\n" in space or (opens_line and space != after):
                self._give(pieces, thinking=True, upto=at)
                self._held, self._step = after, self._text_begins
                return True
            if space != after:
                self._give(pieces, thinking=True, upto=at + len(self._end_tag))
                return True
        self._give(pieces, thinking=True, upto=at)
        return False

    def _text_begins(self, _pieces: Pieces) -> bool:
        """Blank lines after the thinking belong to it; the first line keeps its indentation."""
        text = self._held.lstrip()
        if not text:
            return False
        space = self._held[: len(self._held) - len(text)]
        self._held = space.rpartition("\n")[2] + text
        self._step = self._text
        return True

    def _text(self, pieces: Pieces) -> bool:
        self._give(pieces, thinking=False, upto=len(self._held))
        return False

    def _give(self, pieces: Pieces, *, thinking: bool, upto: int) -> None:
        if upto:
            self._last = self._held[upto - 1]
            pieces.append((thinking, self._held[:upto]))
            self._held = self._held[upto:]

    def _unfinished(self) -> int:
        """Where the end of what is held may be the beginning of the end tag."""
        start = max(0, len(self._held) - len(self._end_tag) + 1)
        return next((at for at in range(start, len(self._held)) if self._end_tag.startswith(self._held[at:])), len(self._held))
