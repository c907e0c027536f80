"""Words of a conversation inside a frame of ours: they can neither end it nor look like it."""

import re

# Every mark that transcripts and summaries are made of, none of them a word of HTML.
_mark = re.compile(r"<(?=[\s/]*(?:conversation_summary|conversation|turn|call|result|known|known_part)\b)", re.IGNORECASE)
_odd = re.compile(r"[^\w.:/-]")
NAME_CHARACTERS = 64


def guarded(text: str) -> str:
    """`text` with a stroke in its marks: a reader still takes them for what they are, and cannot take them for ours."""
    return _mark.sub(r"<\\", text)


def line(text: str, characters: int) -> str:
    """The beginning of `text` in one line, of letters that can be seen."""
    piece = text[: characters * 2]
    if not piece.isprintable():
        piece = "".join(each if each.isprintable() else " " for each in piece)
    piece = " ".join(piece.split())
    cut = len(piece) > characters or len(text) > characters * 2
    return guarded(piece[:characters].rstrip() + " ..." if cut else piece)


def name(text: str) -> str:
    """A tool's name, of harmless letters."""
    return _odd.sub("_", text[:NAME_CHARACTERS]) or "tool"


def clipped(text: str, characters: int) -> str:
    """`text`, or its beginning and end where it is longer."""
    if len(text) <= characters:
        return text
    head, tail = characters * 2 // 3, characters // 3
    return f"{text[:head]}\n... {len(text) - head - tail} characters left out ...\n{text[len(text) - tail :]}"
