"""Files that are text, by what they are said to be or, failing that, by what they are."""

import codecs
import re

_textual = re.compile(
    r"text/.+|application/(?:[\w.-]+\+)?(?:x-)?"
    r"(?:json|xml|yaml|toml|csv|markdown|javascript|ecmascript|typescript|sql|ndjson|jsonl|sh|python|httpd-php|graphql|tex|subrip)"
).fullmatch
# Said of files of which nothing is known.
UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def read(data: bytes, media_type: str) -> str | None:
    """The text of a file; None when it is not one of text."""
    kind = media_type.partition(";")[0].strip().lower()
    if _textual(kind):
        return decode(data)
    if kind in UNKNOWN and b"\0" not in data:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
    return None


def decode(data: bytes) -> str:
    """UTF-8, UTF-16 where its mark is in front, else Latin-1, in which any bytes mean something."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def headed(name: str, text: str) -> str:
    """`text` below a line that names the file."""
    return f"[file: {' '.join(name.split()) or 'unnamed'}]\n{text}"
