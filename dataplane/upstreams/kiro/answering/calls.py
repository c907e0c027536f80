"""Tool calls put together from their fragments; a call comes out only when it is complete (Q2).

Fragments of several calls may interleave and are told apart by id. A call that breaks off, or whose
arguments are no JSON object at its end, never reaches the client: running half a call is worse than
asking again. Calls of the hosted web search never reach it either: they are ours to answer.
"""

from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from dataplane.conversation.events import Vendor
from dataplane.conversation.fold import Transcript
from dataplane.conversation.model import Part, Search
from dataplane.upstreams.kiro.asking import tools
from dataplane.wire import jsontext
from headgate.tokens import text_tokens

# Characters of the calls that are open. They are held until they are whole, so they must end
# somewhere; the largest honest ones write a file.
CALL_LENGTH = 16 * 1024 * 1024
# Calls of one stream; what is known of them is kept until it ends.
MOST_CALLS = 1000


class TooLong(Exception):
    """A call goes on and on, or one comes after the other."""


class Fragment(msgspec.Struct, rename="camel"):
    """toolUseEvent. `input` is a piece of JSON text, or in some builds the whole object."""

    tool_use_id: str | None = None
    name: str | None = None
    input: str | dict[str, msgspec.Raw] | None = None
    stop: bool | None = None
    tool_use_event: "Fragment | None" = None


@dataclass(slots=True)
class Complete:
    """A call as it may be given on, under Kiro's name for the tool; `arguments` is "" for none."""

    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class _Open:
    name: str
    pieces: list[str] = field(default_factory=list)
    size: int = 0
    tokens: float = 0.0


class Calls:
    """The calls of one answer. `seed` makes ids for those that come without (Q7)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._open: dict[str, _Open] = {}
        self._over: set[str] = set()
        self._latest = ""
        # Characters that are held.
        self._size = 0
        # Whether a call came to a bad end, and the tokens of those that did; those of the open ones.
        self._broken = False
        self._wasted = 0.0
        self._unfinished = 0.0

    @property
    def seen(self) -> bool:
        """Whether the model began any call."""
        return bool(self._open or self._over)

    @property
    def open(self) -> bool:
        """Whether any call waits for its end."""
        return bool(self._open)

    @property
    def cut(self) -> bool:
        """Whether a call was begun and did not come to a good end."""
        return bool(self._broken or self._open)

    @property
    def wasted(self) -> float:
        """Tokens of the arguments of cut calls: written, and paid for, but of no use."""
        return self._wasted + self._unfinished

    def begins(self, fragment: Fragment) -> bool:
        """Whether a call begins with `fragment`."""
        key = fragment.tool_use_id or self._nameless(fragment)
        return bool(fragment.name) and key not in self._open and key not in self._over

    def take(self, fragment: Fragment) -> Complete | None:
        """The call that `fragment` completes. Raises TooLong."""
        key = fragment.tool_use_id or self._nameless(fragment)
        if key in self._over:
            return None
        call = self._open.get(key)
        if call is None:
            if not fragment.name:
                return None
            call = self._begin(key, fragment.name)
        self._latest = key
        if isinstance(fragment.input, str):
            self._hold(call, fragment.input)
        elif fragment.input:
            self._drop(call)
            self._hold(call, jsontext.dumps(fragment.input).decode())
        return self._close(key, call) if fragment.stop else None

    def _begin(self, key: str, name: str) -> _Open:
        if len(self._open) + len(self._over) >= MOST_CALLS:
            raise TooLong
        # The key stays, so that the call is not made again.
        self._size += len(key)
        call = self._open[key] = _Open(name)
        return call

    def _hold(self, call: _Open, text: str) -> None:
        call.pieces.append(text)
        call.size += len(text)
        self._size += len(text)
        tokens = text_tokens(text)
        call.tokens += tokens
        self._unfinished += tokens
        if self._size > CALL_LENGTH:
            raise TooLong

    def _drop(self, call: _Open) -> None:
        self._size -= call.size
        self._unfinished -= call.tokens
        call.pieces, call.size, call.tokens = [], 0, 0.0

    def _nameless(self, fragment: Fragment) -> str:
        """A fragment without an id goes on with the latest call, unless it names another tool."""
        latest = self._open.get(self._latest)
        if latest and fragment.name in {None, "", latest.name}:
            return self._latest
        place = len(self._over) + len(self._open)
        return f"tooluse_{sha256(f'{self._seed}/{place}'.encode()).hexdigest()[:22]}"

    def _close(self, id: str, call: _Open) -> Complete | None:
        del self._open[id]
        self._over.add(id)
        text = "".join(call.pieces)
        self._drop(call)
        if not text or text.isspace():
            return Complete(id, call.name, "")
        arguments = tools.object_text(text)
        if arguments is None:
            self._broken = True
            self._wasted += text_tokens(text)
            return None
        return Complete(id, call.name, arguments.decode())


class Searches:
    """The web searches of one answer: those the model waits for, and those that were made.

    `transcript` follows the answer, as the model must read it again to go on. `under_way`: another
    stream is due.
    """

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.asked: list[Search] = []
        self.made: list[Search] = []
        self.under_way = False

    def ask(self, call: Complete) -> None:
        try:
            query = _read_query(call.arguments).query.strip()
        except (ValueError, RecursionError):
            query = ""
        self.asked.append(Search(call.id, query))

    def begin(self) -> tuple[list[Search], list[Part]]:
        """What is to be searched for, and the answer so far."""
        asked, self.asked = self.asked, []
        self.under_way = True
        self.transcript.close()
        return asked, [part for part in self.transcript.parts if not isinstance(part, Vendor)]

    def end(self) -> list[Search]:
        """What came of them."""
        made, self.made, self.under_way = self.made, [], False
        return made


class _Query(msgspec.Struct):
    query: str


_read_query = msgspec.json.Decoder(_Query).decode
