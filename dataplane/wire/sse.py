"""Server-sent events: bytes in, the data of events out. Source: the HTML standard, section 9.2.

Names, ids, retry times and comments are passed over: in the streams that come here the data says what it is.
"""

# One event may carry a whole answer, never more than this.
MAX_EVENT_BYTES = 16 * 1024 * 1024


class TooLong(Exception):
    """An event exceeds MAX_EVENT_BYTES."""


class Parser:
    """Incremental reader of an event stream.

    Every byte is looked at a fixed number of times, however it is cut: an unfinished line is kept in
    pieces until its end is seen.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._data: list[bytes] = []
        # Of the unfinished event, its unfinished line included.
        self._size = 0
        # A CR ends its line at once; an LF that is the next byte belongs to it.
        self._after_cr = False
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        """The data of the events that `data` completes. Lines end with LF, CR LF or CR. Raises TooLong."""
        found, parts = [], self._data
        for line in self._lines(data):
            if line.startswith(b"data:"):
                value = line[6:] if line.startswith(b" ", 5) else line[5:]
            elif not line:
                if parts:
                    found.append(b"\n".join(parts))
                    parts.clear()
                self._size = 0
                continue
            elif line == b"data":
                value = b""
            else:
                continue
            parts.append(value)
            # An empty line of data is a line feed of the event, and costs memory.
            self._size += len(value) + 1
            if self._size > MAX_EVENT_BYTES:
                raise TooLong
        return found

    def _lines(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends; the rest is kept."""
        if not (self._after_cr or self._pieces or self._first) and data.endswith(b"\n"):
            # Most reads: whole events.
            return data.splitlines()
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
        self._size += len(piece)
        if self._size > MAX_EVENT_BYTES:
            raise TooLong
