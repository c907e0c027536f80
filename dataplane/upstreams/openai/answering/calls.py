"""Tool calls out of their pieces. The call that is open streams; pieces of later ones wait for their turn.

Endpoints tell calls apart by index, by id, by both or by neither; some give every call the same index (Ollama), repeat
the id or the name in each piece, or cut the name in two (client notes, section 3.2).
"""

from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from dataplane.conversation.events import Event, ToolCallDelta, ToolCallEnded, ToolCallStarted
from dataplane.upstreams.openai.answering.chunks import CallDelta, Custom, Function
from dataplane.wire import jsontext

# Characters of the calls of one answer: they must end somewhere; the largest honest ones write a file.
CALL_LENGTH = 16 * 1024 * 1024
MOST_CALLS = 1000
# Characters of arguments in one event: very long lines stall some proxies.
SLICE = 1024

# The names of the tools on the wire, and the client's names for them where they differ.
Tools = tuple[Container[str], Mapping[str, str]]


class TooLong(Exception):
    """A call goes on and on, or one comes after the other."""


@dataclass(slots=True)
class _Call:
    """`given` says how many of its pieces went out. A custom tool's text is the one argument `input`."""

    id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    given: int = 0
    begun: bool = False
    custom: bool = False


class Calls:
    """The calls of one answer. `seed` makes ids for those that come without; `tools` is asked for names when there is a
    call: in most answers there is none. Without `parallel` only the first call is given.
    """

    def __init__(self, seed: str, tools: Callable[[], Tools], *, parallel: bool) -> None:
        self._seed = seed
        self._parallel = parallel
        self._tools = tools
        self._known: Container[str] = ()
        self._client: Mapping[str, str] = {}
        self._latest: _Call | None = None
        self._places: dict[int, _Call] = {}
        self._ids: dict[str, _Call] = {}
        self._open: _Call | None = None
        self._waiting: deque[_Call] = deque()
        self._count = 0
        self._size = 0
        # Whether a call came to a bad end; how many went out whole.
        self.broken = False
        self.whole = 0

    @property
    def open(self) -> bool:
        """Whether any call waits for its end."""
        return self._open is not None

    @property
    def seen(self) -> bool:
        return self._count > 0

    def take(self, piece: CallDelta) -> tuple[list[Event], str]:
        """The events that `piece` leads to, and what of it the model wrote. Raises TooLong."""
        call = self._find(piece)
        if call is None:
            return [], ""
        wrote = self._name(call, (piece.function or piece.custom or _NAMELESS).name or "")
        text = self._text(call, piece)
        if text:
            call.pieces.append(text)
            wrote += text
        self._size += len(wrote)
        if self._size > CALL_LENGTH:
            raise TooLong
        return self._proceed(call), wrote

    def settle(self) -> list[Event]:
        """Something else comes: end the open call if it is complete, and with it those that waited."""
        events: list[Event] = []
        while self._open is not None and _complete(self._open):
            events += self._end(self._open)
        return events

    def finish(self) -> list[Event]:
        """The answer is over. A call that is not whole is not given, or ends where it stands when it was begun."""
        events: list[Event] = []
        while (call := self._open) is not None:
            whole = _complete(call) or call.custom or not "".join(call.pieces).strip()
            if whole:
                events += self._end(call)
                continue
            self.broken = True
            if call.begun:
                events.append(ToolCallEnded())
            self._advance()
        return events

    def drop(self) -> None:
        """What is open or waits does not go out."""
        self._open = None
        self._waiting.clear()

    # ---- whose piece it is

    def _find(self, piece: CallDelta) -> _Call | None:
        """The call that a piece belongs to, a new one where it begins one; None for what belongs to none."""
        call = self._known_call(piece)
        if call is None:
            name = (piece.function or piece.custom or _NAMELESS).name
            if not (name or piece.id):
                return None
            call = self._begin(piece)
        if piece.index is not None:
            self._places[piece.index] = call
        if piece.id:
            self._ids.setdefault(piece.id, call)
        self._latest = call
        return call

    def _known_call(self, piece: CallDelta) -> _Call | None:
        name = (piece.function or piece.custom or _NAMELESS).name
        if piece.index is not None:
            call = self._places.get(piece.index)
            # Another id with a name of its own is another call, whatever its index says.
            another = call is not None and bool(piece.id and name) and bool(call.name) and self._ids.get(piece.id or "") is not call
            return None if another else call
        if piece.id:
            return self._ids.get(piece.id)
        # Without index and id: a name begins a call, unless the latest one still waits for its arguments.
        return self._latest if not name or (self._latest is not None and not self._latest.pieces) else None

    def _begin(self, piece: CallDelta) -> _Call:
        if self._count >= MOST_CALLS:
            raise TooLong
        if not self._count:
            self._known, self._client = self._tools()
        name = piece.id
        if not name or name in self._ids:
            name = f"call_{sha256(f'{self._seed}/{self._count}'.encode()).hexdigest()[:24]}"
        self._count += 1
        call = _Call(name, custom=piece.custom is not None)
        if self._parallel or self._count == 1:
            self._waiting.append(call)
        if self._open is None:
            self._advance()
        return call

    # ---- what it brings

    def _name(self, call: _Call, piece: str) -> str:
        """What is new of the name: it may be repeated, cut, or grow from piece to piece."""
        before = call.name
        if call.begun or not piece or piece == before:
            return ""
        if before and piece.startswith(before) and piece in self._known:
            call.name = piece
            return piece[len(before) :]
        if before in self._known and before + piece not in self._known:
            return ""
        call.name = before + piece
        return piece

    def _text(self, call: _Call, piece: CallDelta) -> str:
        if piece.custom is not None:
            text = piece.custom.input or ""
            # The text goes into a JSON string that is still open.
            return ("" if call.pieces else '{"input":"') + jsontext.string(text)[1:-1].decode() if text else ""
        given = piece.function.arguments if piece.function else None
        if isinstance(given, dict):
            # The whole object; again, when it was given before.
            return "" if call.pieces else jsontext.dumps(given).decode()
        return "" if given is None or (given == "null" and not call.pieces) else given

    # ---- what goes out

    def _proceed(self, call: _Call) -> list[Event]:
        """`call` has grown. A call that waits lets the open one end as soon as that is complete."""
        events: list[Event] = []
        if call is self._open:
            events += self._give(call)
        while self._waiting and self._open is not None and _complete(self._open):
            events += self._end(self._open)
        return events

    def _give(self, call: _Call) -> list[Event]:
        """What came of the open call: its beginning once its name must be complete, and its arguments."""
        text = "".join(call.pieces[call.given :])
        if not text or (not call.begun and text.isspace()):
            return []
        call.given = len(call.pieces)
        return [*self._start(call), *(ToolCallDelta(text[at : at + SLICE]) for at in range(0, len(text), SLICE))]

    def _start(self, call: _Call) -> list[Event]:
        if call.begun:
            return []
        call.begun = True
        return [ToolCallStarted(call.id, self._client.get(call.name, call.name))]

    def _end(self, call: _Call) -> list[Event]:
        """The open call is complete; the next one opens, with what came of it already."""
        if call.custom:
            call.pieces.append('"}' if call.pieces else '{"input":""}')
        events = [*self._give(call), *self._start(call), ToolCallEnded()]
        self.whole += 1
        self._advance()
        return events + (self._give(self._open) if self._open is not None else [])

    def _advance(self) -> None:
        self._open = self._waiting.popleft() if self._waiting else None


def _complete(call: _Call) -> bool:
    """Whether the arguments are a whole JSON object."""
    if call.custom or not any(piece.rstrip().endswith("}") for piece in call.pieces[-2:]):
        return False
    try:
        _object("".join(call.pieces))
    except (ValueError, RecursionError):
        return False
    return True


_NAMELESS: Function | Custom = Function()
_object = msgspec.json.Decoder(dict[str, jsontext.Raw]).decode
