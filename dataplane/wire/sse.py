"""Server-sent events: bytes in, events out, and back. Source: the HTML standard, section 9.2."""

from dataclasses import dataclass

# One event may carry a whole answer, never more than this.
MAX_EVENT_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class ServerSentEvent:
    """One dispatched event; `event` is "" when the stream named none."""

    event: str
    data: bytes


class TooLong(Exception):
    """An event exceeds MAX_EVENT_BYTES."""


class Parser:
    """Incremental reader of an event stream; comments, ids and retry times are passed over."""

    def __init__(self) -> None:
        self._buffer = b""
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that `data` completes. Lines end with LF, CR LF or CR."""
        self._buffer += data
        if len(self._buffer) + self._size > MAX_EVENT_BYTES:
            raise TooLong
        found: list[ServerSentEvent] = []
        while (line := self._line()) is not None:
            if line:
                self._field(line)
            elif self._data:
                found.append(ServerSentEvent(self._event, b"\n".join(self._data)))
                self._reset()
            else:
                self._reset()
        return found

    def pending(self) -> bool:
        """Whether an unfinished event is held; at the end of a body it is a broken stream."""
        return bool(self._buffer.strip() or self._data)

    def _line(self) -> bytes | None:
        """The next whole line, or None. A CR at the very end may be half a CR LF: wait."""
        buffer = self._buffer
        lf, cr = buffer.find(b"\n"), buffer.find(b"\r")
        if cr < 0 or 0 <= lf < cr:
            if lf < 0:
                return None
            self._buffer = buffer[lf + 1 :]
            return buffer[:lf]
        if cr == len(buffer) - 1:
            return None
        self._buffer = buffer[cr + (2 if buffer[cr + 1] == 0x0A else 1) :]
        return buffer[:cr]

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._size += len(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")

    def _reset(self) -> None:
        self._event, self._data, self._size = "", [], 0
