"""Which files a conversation was about, and what was done to them.

Tools of clients have no common form: what a call did is guessed from the tool's name, the file from the usual names of arguments.
"""

import re
from collections.abc import Iterator, Sequence

from summarizer.shortening.conversation import Call, Result, Text, Turn
from summarizer.shortening.excerpts import ends
from summarizer.shortening.framing import line, name

MOST_FILES, PATH_CHARACTERS = 50, 200

# One that is given as such.
_given = re.compile(
    r'"(?:file_?path|filePath|path|file|file_?name|notebook_path|target_file|old_path|new_path)"\s{0,4}:\s{0,4}'
    r'"((?:[^"\\]|\\.){1,300})"'
)
# One in the middle of a text, with an ending: nothing of an address, and behind it no line number.
_loose = re.compile(r"(?<![\w.@+~/:-])[A-Za-z0-9_.@+~/-]{0,200}\.([A-Za-z][A-Za-z0-9]{0,7})(?![\w/])", re.ASCII)
_escape = re.compile(r'\\[nrt"]')
# Tools that do several things say which in an argument.
_command = re.compile(r'"command"\s{0,4}:\s{0,4}"(view|create|str_replace|insert)"')
# Endings that make a file of a word without any slash.
ENDINGS = re.compile(
    r"c|cc|cfg|conf|cpp|cs|css|csv|go|h|hpp|html|ini|ipynb|java|json|jsx|kt|lock|log|lua|md|php|proto|ps1|py|rb|rs|scss|sh|sql"
    r"|svelte|swift|toml|ts|tsx|txt|vue|xml|yaml|yml"
)

# Words in a tool's name, and what a call of it did; the first that fits.
DEEDS = [
    (re.compile(pattern, re.IGNORECASE), deed)
    for pattern, deed in (
        (r"delete|remove|unlink", "deleted"),
        (r"rename|move", "moved"),
        (r"edit|replace|patch|insert|update|modify", "edited"),
        (r"write|create|save|append", "written"),
        (r"bash|shell|exec|run|terminal|command", "in a command"),
        (r"glob|grep|search|find|list|^ls$", "searched"),
        (r"read|view|cat|open|get", "read"),
    )
]
CHANGES = frozenset({"deleted", "moved", "edited", "written"})
MENTIONED = "mentioned"


def files(turns: Sequence[Turn]) -> list[str]:
    """A line for each: those that were changed first, of equals the latest first."""
    deeds = done(turns)
    latest = [*reversed(deeds)]
    latest.sort(key=lambda path: rank(deeds[path]))
    return [f"{line(path, PATH_CHARACTERS)}: {', '.join(told(deeds[path]))}" for path in latest[:MOST_FILES]]


def done(turns: Sequence[Turn]) -> dict[str, list[str]]:
    """What was done to each file, in the order of when it was last named. What failed was not done."""
    named: list[tuple[str, str]] = []
    calls: dict[str, range] = {}  # by id, where in `named` its files are
    failed: set[int] = set()
    for turn in turns:
        for part in turn.parts:
            if isinstance(part, Call):
                before = len(named)
                named += ((path, deed(part)) for path in arguments(part.arguments))
                calls[part.id] = range(before, len(named))
            elif isinstance(part, Result):
                failed.update(calls.get(part.call_id, ()) if part.is_error else ())
            elif isinstance(part, Text) and turn.role != "system":
                named += ((path, MENTIONED) for path in loose(part.text))
    found: dict[str, list[str]] = {}
    for place, (path, what) in enumerate(named):
        deeds = found.pop(path, [])
        found[path] = deeds if what in deeds or place in failed else [*deeds, what]
    return {path: deeds for path, deeds in found.items() if deeds}


def told(deeds: list[str]) -> list[str]:
    return [each for each in deeds if each != MENTIONED] or deeds


def rank(deeds: list[str]) -> int:
    if CHANGES.intersection(deeds):
        return 0
    return 2 if deeds == [MENTIONED] else 1


def deed(call: Call) -> str:
    """What a call does to the files it names."""
    command = _command.search(call.arguments[:PATH_CHARACTERS])
    word = command.group(1) if command else call.name
    return next((what for pattern, what in DEEDS if pattern.search(word)), f"used by {name(call.name)}")


def arguments(text: str) -> list[str]:
    """The files that a call is about."""
    found = [each.replace("\\\\", "\\").replace("\\/", "/") for end in ends(text) for each in _given.findall(end)]
    return list(dict.fromkeys(found or loose(_escape.sub(" ", "\n".join(ends(text))))))


def loose(text: str) -> Iterator[str]:
    """Files named in a text."""
    for end in ends(text):
        for match in _loose.finditer(end):
            path, ending = match.group(0, 1)
            if "/" in path.strip("/") or ENDINGS.fullmatch(ending):
                yield path
