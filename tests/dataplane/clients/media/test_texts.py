"""Which files are text, and how they are read."""

import pytest

from dataplane.clients.media.texts import headed, read


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "text/markdown; charset=utf-8",
        "TEXT/CSV",
        "application/json",
        "application/ld+json",
        "application/xml",
        "text/html",
        "application/x-yaml",
        "application/javascript",
        "application/x-ndjson",
        "application/atom+xml",
        "",
        "application/octet-stream",
    ],
)
def test_text_by_its_type_or_by_being_it(media_type):
    assert read("zwölf €".encode(), media_type) == "zwölf €"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/msword",
        "application/zip",
        "audio/mpeg",
        "text",
    ],
)
def test_other_types_are_none_whatever_they_hold(media_type):
    assert read(b"words", media_type) is None


@pytest.mark.parametrize("data", [b"PK\x03\x04\0\0", b"\xff\xfea", b"\xe9t\xe9"])
def test_of_an_unknown_type_only_what_is_surely_text(data):
    assert read(data, "") is None
    assert read(data, "text/plain") is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(encoding):
    assert read("zwölf".encode(encoding), "text/plain") == "zwölf"


def test_a_mark_of_utf16_before_something_else():
    assert read(b"\xff\xfeabc", "text/plain") == "ÿþabc"


def test_the_name_is_one_line():
    assert headed("a\nb.txt", "one") == "[file: a b.txt]\none"
    assert headed("", "one") == "[file: unnamed]\none"
