"""What the data plane and a worker say to each other: a line of JSON and the file's bytes, then JSON back."""

from typing import Literal

import msgspec

from dataplane.wire.jsontext import dumps


class Job(msgspec.Struct, frozen=True):
    """What is to become of a file.

    A picture: recoded in one of `formats` (media types), base64 of at most `max_base64` bytes, sides of
    at most `side` pixels. A PDF: its text, and pictures of that kind of the pages that hold none, at
    most `pages` of them.
    """

    kind: Literal["picture", "pdf"]
    formats: tuple[str, ...]
    max_base64: int
    side: int
    pages: int = 0


class Piece(msgspec.Struct, frozen=True):
    """What came of it: a text, or a picture as base64 `data` of `media_type`."""

    text: str = ""
    media_type: str = ""
    data: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The pieces in order, or in `error` why there are none, in words for the client."""

    pieces: tuple[Piece, ...] = ()
    error: str = ""


_job = msgspec.json.Decoder(Job).decode
_answer = msgspec.json.Decoder(Answer).decode


def packed(job: Job, data: bytes) -> bytes:
    """A job in bytes; the same job about the same file is the same bytes."""
    return dumps(job) + b"\n" + data


def unpacked(message: bytes) -> tuple[Job, bytes]:
    head, _, data = message.partition(b"\n")
    return _job(head), data


def answered(message: bytes) -> Answer:
    """Raises msgspec.DecodeError, which a ValidationError is as well."""
    return _answer(message)
