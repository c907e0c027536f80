"""JSON output, for upstreams that can only be asked for it in words: what models put around it is cut off."""

import re

# What may begin a value: a bracket, and after it what no prose has there.
_BEGINNING = re.compile(r'\{(?=\s*["}])|\[(?=\s*[\[\]{"0-9-])')
_MARKS = re.compile(r'[{}\[\]"]')
_IN_STRING = re.compile(r'["\\]')


class JsonValue:
    """Text in, one JSON object or array out, from its first bracket to its last; streams at once in between.

    An object may follow prose on its line. An array must be the first of its line, as prose has such
    brackets too ("as [1] says").
    """

    def __init__(self) -> None:
        self._prose: list[str] = []
        # The end of what came so far, as long as it may begin a value; and whether its line is blank before it.
        self._held = ""
        self._blank = True
        self._depth = 0
        self._quoted = False
        # The last character was a backslash in a string.
        self._escaped = False
        self._ended = False

    def feed(self, text: str) -> str:
        if self._ended:
            return ""
        if not self._depth:
            text = self._value(self._held + text)
        return text[: self._follow(text)]

    def finish(self) -> str:
        """The text as it was, when no value ever began."""
        text = "".join((*self._prose, self._held))
        self._prose, self._held = [], ""
        return text

    def _value(self, text: str) -> str:
        """`text` from where the value begins; what is before it is kept in case that none ever does."""
        for found in _BEGINNING.finditer(text):
            if found[0] == "{" or self._blank_at(text[: found.start()]):
                self._prose, self._held = [], ""
                return text[found.start() :]
        end = len(text.rstrip()) - 1
        if end < 0 or text[end] not in "{[":
            end = len(text)
        self._blank = self._blank_at(text[:end])
        self._prose.append(text[:end])
        self._held = text[end:]
        return ""

    def _blank_at(self, before: str) -> bool:
        """Whether the line that `before` ends with is blank so far."""
        _, newline, line = before.rpartition("\n")
        return not line.strip() and (bool(newline) or self._blank)

    def _follow(self, text: str) -> int:
        """How much of `text` belongs to the value."""
        at = int(self._escaped)
        self._escaped = self._escaped and not text
        while found := (_IN_STRING if self._quoted else _MARKS).search(text, at):
            at = found.end()
            if found[0] == "\\":
                # The next character is no mark, perhaps in the next piece.
                self._escaped = at == len(text)
                at += 1
            elif self._ends(found[0]):
                return at
        return len(text)

    def _ends(self, mark: str) -> bool:
        """Whether the value is complete with `mark`."""
        if mark == '"':
            self._quoted = not self._quoted
        else:
            self._depth += 1 if mark in "{[" else -1
            self._ended = not self._depth
        return self._ended
