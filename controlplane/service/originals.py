"""What shortening replaced by what, for administrators to read. The summarizer keeps it, for a while; nobody here does."""

from typing import Protocol


class OriginalsAway(Exception):
    """The summarizer does not answer, or not in time; may pass."""


class Originals(Protocol):
    """The summarizer's memory of what it replaced."""

    async def original(self, request_id: str) -> bytes:
        """Of any key's request: the turns a summary stands for, and the summary, as JSON text, which clients wrote.
        Raises Absent when it is not known, or not any more; OriginalsAway.
        """
        ...
