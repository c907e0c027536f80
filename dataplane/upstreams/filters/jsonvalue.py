"""JSON output, for upstreams that can only be asked for it in words: what models put around it is cut off."""

import re
from collections.abc import Callable

import msgspec

from dataplane.conversation.model import OutputFormat
from dataplane.upstreams.filters.held import Held

_BRACKET = re.compile(r"[\[{]")
_SOLID = re.compile(r"\S")
# What may follow the bracket that begins a value, and what no prose has there.
_FOLLOWING = {"{": ('"', "}"), "[": (*'[]{"-0123456789', "true", "false", "null")}
LONGEST_WORD = len("false")


class JsonValue:
    """Text in, one JSON object or array out, from its first bracket to its last; streams at once in between.

    `roots` are the brackets that the value may begin with. An object may follow prose on its line. An
    array must be the first of its line, as prose has such brackets too ("as [1] says"), unless nothing
    else is wanted. A part of another value is never the answer.
    """

    def __init__(self, roots: str = "{[") -> None:
        self._roots = roots
        # All that came before the value, and whether it ends with a line that is blank so far.
        self._prose = Held()
        self._blank = True
        # The latest bracket, as long as it may begin a value, and what came after it; the word that is part of it.
        self._begun = Held()
        self._bracket = self._word = ""
        # The value, or one that is not wanted.
        self._value: _Nest | None = None
        self._other = _Nest(_STRICT)
        self._given_up = False
        # Reads on in the text, given where; says how far it came.
        self._step: Callable[[str, int], int] = self._look

    def feed(self, text: str) -> str:
        if self._value:
            return text[: self._value.follow(text, 0)]
        if self._given_up:
            return text
        at = 0
        while at < len(text):
            at = self._step(text, at)
            if self._value:
                return self._begun.take() + text[at : self._value.follow(text, at)]
        self._given_up = self._prose.full or self._begun.full
        return self.finish() if self._given_up else ""

    def finish(self) -> str:
        """The text as it was, when no value ever began."""
        return self._prose.take() + self._begun.take()

    def _look(self, text: str, at: int) -> int:
        """For the next bracket."""
        found = _BRACKET.search(text, at)
        if not found:
            return self._pass(text[at:], len(text))
        self._pass(text[at : found.start()], found.start())
        self._begun.add(found[0])
        self._bracket, self._word, self._step = found[0], "", self._judge
        return found.end()

    def _judge(self, text: str, at: int) -> int:
        """What follows the bracket says whether it begins a value."""
        start = at
        if not self._word:
            solid = _SOLID.search(text, at)
            at = solid.start() if solid else len(text)
        self._word += text[at : at + LONGEST_WORD - len(self._word)]
        self._begun.add(text[start:at])
        following = _FOLLOWING[self._bracket]
        if self._word.startswith(following):
            self._begin()
        elif not any(each.startswith(self._word) for each in following):
            self._pass(self._begun.take(), at)
            self._step = self._look
        else:
            self._begun.add(text[at:])
            return len(text)
        return at

    def _begin(self) -> None:
        if self._bracket in self._roots and (self._bracket == "{" or self._blank or self._roots == "["):
            self._prose.clear()
            self._value = _Nest(_LENIENT)
        else:
            self._pass(self._begun.take(), 0)
            self._other, self._step = _Nest(_STRICT), self._skip

    def _skip(self, text: str, at: int) -> int:
        """Over a value that is not wanted, and what is in it."""
        end = self._other.follow(text, at)
        if self._other.over:
            self._step = self._look
        return self._pass(text[at:end], end)

    def _pass(self, text: str, end: int) -> int:
        """`text` is prose; it ends at `end`."""
        self._prose.add(text)
        _, newline, line = text.rpartition("\n")
        self._blank = not line.strip() and (bool(newline) or self._blank)
        return end


class _Nest:
    """From after the first bracket of a value to its last. `over`: it has ended, or is no value after all."""

    def __init__(self, marks: tuple[re.Pattern[str], re.Pattern[str]]) -> None:
        """`marks` in the order of `_LENIENT`."""
        self.over = False
        self._outside, self._inside = marks
        self._depth = 1
        self._quoted = False
        # The last character was a backslash in a string.
        self._escaped = False

    def follow(self, text: str, at: int) -> int:
        """How far the value reaches in `text`."""
        if self._escaped and at < len(text):
            self._escaped = False
            at += 1
        while not self.over:
            found = (self._inside if self._quoted else self._outside).search(text, at)
            if not found:
                return len(text)
            at = found.end()
            if found[0] == "\\" and self._quoted:
                # The next character is no mark, perhaps in the next piece.
                self._escaped = at == len(text)
                at += 1
            else:
                self._mark(found[0])
        return at

    def _mark(self, mark: str) -> None:
        if mark == '"':
            self._quoted = not self._quoted
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self.over = not self._depth
        else:
            self.over = True


# What is looked for outside and inside of strings: brackets and quotes, in a value that is the answer
# whatever the model made of it; in one that may be prose after all also what no JSON has there.
_LENIENT = re.compile(r'[{}\[\]"]'), re.compile(r'["\\]')
_STRICT = re.compile(r"[^\s\d+\-.,:truefalsnE]"), re.compile(r'["\\\n]')


class _Schema(msgspec.Struct):
    type: str | list[str] | None = None


_read_schema = msgspec.json.Decoder(_Schema).decode


def roots(form: OutputFormat) -> str:
    """The brackets that an answer in this form may begin with; "" for a value without any."""
    if form.kind == "json_object" or not form.schema:
        return "{"
    try:
        kinds = _read_schema(form.schema).type
    except (ValueError, RecursionError):
        kinds = None
    if kinds is None:
        return "{["
    return "".join(bracket for bracket, kind in (("{", "object"), ("[", "array")) if kind in kinds)
