"""Server-sent events: bytes in, events out. Source: the HTML standard, section 9.2."""

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
    """Incremental reader of an event stream; comments, ids and retry times are passed over.

    Every byte is looked at a fixed number of times, however it is cut: an unfinished line is kept in
    pieces until its end is seen.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._event = ""
        self._data: list[bytes] = []
        # Of the unfinished event, its unfinished line included.
        self._size = 0
        # A CR ends its line at once; an LF that is the next byte belongs to it.
        self._after_cr = False
        self._first = True

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that `data` completes. Lines end with LF, CR LF or CR. Raises TooLong."""
        found: list[ServerSentEvent] = []
        for line in self._lines(data):
            if line:
                self._field(line)
            else:
                if self._data:
                    found.append(ServerSentEvent(self._event, b"\n".join(self._data)))
                self._event, self._data, self._size = "", [], 0
        return found

    def pending(self) -> bool:
        """Whether an unfinished event is held; at the end of a body it is a broken stream."""
        return bool(self._data or self._event or any(piece.strip() for piece in self._pieces))

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends; the rest is kept."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if not data:
            return []
        if b"\n" not in data and b"\r" not in data:
            self._keep(data)
            return []
        self._after_cr = data.endswith(b"\r")
        lines = (b"".join(self._pieces) + data).splitlines()
        self._size -= sum(map(len, self._pieces))
        self._pieces = []
        if not data.endswith((b"\n", b"\r")):
            self._keep(lines.pop())
        if self._first:
            # A byte order mark may open the stream.
            self._first = False
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        return lines

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._grow(len(piece))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > MAX_EVENT_BYTES:
            raise TooLong

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            # An empty line of data is a line feed of the event, and costs memory.
            self._grow(len(value) + 1)
        elif name == b"event":
            self._event = value.removeprefix(b" ").decode("utf-8", "replace")
