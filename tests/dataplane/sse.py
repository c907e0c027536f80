"""Server-sent events with their names, as encoders must write them; for tests to look at."""

from dataclasses import dataclass


@dataclass(slots=True)
class ServerSentEvent:
    """`event` is "" when the stream named none."""

    event: str
    data: bytes


class Parser:
    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that `data` completes; comments alone are none."""
        *blocks, self._held = (self._held + data).split(b"\n\n")
        return [found for block in blocks if (found := _event(block))]

    def pending(self) -> bool:
        """Whether something without an end is left."""
        return bool(self._held)


def _event(block: bytes) -> ServerSentEvent | None:
    members = [line.split(b": ", 1) for line in block.split(b"\n") if not line.startswith(b":")]
    names = [value.decode() for name, value in members if name == b"event"]
    data = [value for name, value in members if name == b"data"]
    assert len(names) <= 1
    assert len(names) + len(data) == len(members)
    return ServerSentEvent("".join(names), b"\n".join(data)) if data else None
