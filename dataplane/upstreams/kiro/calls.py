"""Tool calls put together from their fragments; a call comes out only when it is complete (Q2).

Fragments of several calls may interleave and are told apart by id. A call that breaks off, or whose
arguments are no JSON object at its end, never reaches the client: running half a call is worse than
asking again.
"""

from dataclasses import dataclass, field
from hashlib import sha256

import msgspec

from dataplane.upstreams.kiro import tools
from dataplane.wire import jsontext

# Characters of one call's arguments. It is held until it is whole, so it must end somewhere; the
# largest honest ones write a file.
CALL_LENGTH = 16 * 1024 * 1024


class TooLong(Exception):
    """A call goes on and on."""


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


class Calls:
    """The calls of one answer. `seed` makes ids for those that come without (Q7)."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._open: dict[str, _Open] = {}
        self._over: set[str] = set()
        self._latest = ""
        self._broken: list[str] = []

    @property
    def seen(self) -> bool:
        """Whether the model began any call."""
        return bool(self._open or self._over)

    @property
    def cut(self) -> bool:
        """Whether a call was begun and did not come to a good end."""
        return bool(self._broken or self._open)

    @property
    def wasted(self) -> str:
        """The arguments of cut calls: written, and paid for, but of no use."""
        return "".join((*self._broken, *(piece for call in self._open.values() for piece in call.pieces)))

    def take(self, fragment: Fragment) -> Complete | None:
        """The call that `fragment` completes."""
        key = fragment.tool_use_id or self._nameless(fragment)
        if key in self._over:
            return None
        call = self._open.get(key)
        if call is None:
            if not fragment.name:
                return None
            call = self._open[key] = _Open(fragment.name)
        self._latest = key
        if isinstance(fragment.input, str):
            call.size += len(fragment.input)
            if call.size > CALL_LENGTH:
                raise TooLong
            call.pieces.append(fragment.input)
        elif fragment.input:
            call.pieces = [jsontext.dumps(fragment.input).decode()]
        return self._close(key, call) if fragment.stop else None

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
        if not text or text.isspace():
            return Complete(id, call.name, "")
        arguments = tools.object_text(text)
        if arguments is None:
            self._broken.append(text)
            return None
        return Complete(id, call.name, arguments.decode())
