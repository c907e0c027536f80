"""What the data plane and a worker say to each other: a line of JSON and the file's bytes, then JSON back.

Each message has its length in front, as one may follow another.
"""

from typing import BinaryIO, Literal

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


# The bytes of a length, the highest first.
LENGTH = 8


def head(job: Job) -> bytes:
    """A job without its file; the same job is the same bytes."""
    return dumps(job) + b"\n"


def packed(job: Job, data: bytes) -> bytes:
    """A job as it is sent."""
    opening = head(job)
    return b"".join(((len(opening) + len(data)).to_bytes(LENGTH), opening, data))


def unpacked(message: bytes) -> tuple[Job, bytes]:
    """A job without its length."""
    opening, _, data = message.partition(b"\n")
    return _job(opening), data


def answering(answer: Answer) -> bytes:
    """An answer as it is sent."""
    message = dumps(answer)
    return len(message).to_bytes(LENGTH) + message


def answered(message: bytes) -> Answer:
    """An answer without its length. Raises msgspec.DecodeError, which a ValidationError is as well."""
    return _answer(message)


def following(stream: BinaryIO) -> bytes:
    """The next message, without its length; b"" at the end."""
    return stream.read(int.from_bytes(stream.read(LENGTH)))
