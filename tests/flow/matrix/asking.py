"""What a program asks through an SDK and what it then has in its hands, whichever protocol it speaks."""

import base64
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from PIL import Image

from dataplane.fidelity import Table

# Exception, status, and the word that programs look at.
Refusal = tuple[type[Exception], int, str]

MODES = ("whole", "raw", "helper")
LIMIT = 4000
# The one tool that is ever declared.
TOOL = "get_weather"
ABOUT = "The weather in a city"
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def _picture() -> str:
    made = io.BytesIO()
    Image.effect_noise((16, 16), 90).convert("RGB").save(made, "png")
    return base64.b64encode(made.getvalue()).decode()


PICTURE = _picture()


@dataclass
class Call:
    """A tool call; the arguments are JSON."""

    id: str
    name: str
    arguments: str

    @property
    def value(self) -> Any:
        return json.loads(self.arguments)


@dataclass
class Ask:
    """One request; `entries` are what the protocol calls messages or items. `leave`: go away after so many pieces of text."""

    model: str
    entries: Sequence[Any]
    system: str = ""
    tools: bool = False
    thinks: bool = False
    leave: int = 0


@dataclass
class Told:
    """The answer, as far as it came. `said` is what the SDK's users send back of it, `sealed` whether its thinking is signed."""

    text: str = ""
    thinking: str = ""
    sealed: bool = False
    calls: list[Call] = field(default_factory=list)
    reason: str | None = None
    usage: tuple[int, int] | None = None
    said: Sequence[Any] = ()
    pieces: int = 0
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Left(Exception):
    """The program has heard enough."""


class Sdk(ABC):
    """One protocol through its official SDK.

    `written` is where a wish stands in the protocol's table of docs/fidelity.md. `end` and `calls` are the reasons of an
    answer that is complete. `refusals` are what comes of what went wrong.
    """

    name: ClassVar[str]
    table: ClassVar[Table]
    written: ClassVar[Mapping[str, Sequence[str]]]
    end: ClassVar[str]
    calls: ClassVar[str]
    errors: ClassVar[type[Exception]]
    refusals: ClassVar[Mapping[str, Refusal]]

    def __init__(self) -> None:
        # What the records of the requests must say, by id: kind and ending. Those left before any answer have no id here.
        self.records: dict[str, tuple[str, str]] = {}
        self.left: list[tuple[str, str]] = []
        self._expected = ("", "")
        self._headers: Mapping[str, str] = {}

    def tell(self, ask: Ask, mode: str, ending: str = "served") -> Told:
        """Ask, and gather what comes until the end or the SDK's error. `ending` is what the record will call it."""
        told, self._headers = Told(), {}
        self._expected = (ask.model.partition("/")[0], ending)
        try:
            getattr(self, mode)(ask, told)
        except Left:
            pass
        except self.errors as error:
            told.error = error
        told.headers = self._headers
        return told

    def hear(self, response: Any) -> None:
        """Of every HTTP answer."""
        self._headers = response.headers
        assert response.headers["x-request-id"] not in self.records
        self.records[response.headers["x-request-id"]] = self._expected

    @abstractmethod
    def whole(self, ask: Ask, told: Told) -> None: ...

    @abstractmethod
    def raw(self, ask: Ask, told: Told) -> None:
        """The stream's events, put together by hand."""

    @abstractmethod
    def helper(self, ask: Ask, told: Told) -> None:
        """The SDK's own putting together."""

    @abstractmethod
    def waiting(self, ask: Ask, *, streamed: bool) -> Coroutine[Any, Any, Any]:
        """The same by the asynchronous SDK, to be cancelled."""

    @abstractmethod
    def kind(self, error: Any) -> str:
        """The word that programs look at."""

    @abstractmethod
    def shown(self, text: str) -> Any:
        """A user's entry with the picture."""

    @abstractmethod
    def called(self, call: Call) -> Sequence[Any]:
        """What another model would have said: a call."""

    @abstractmethod
    def thought(self, text: str) -> Sequence[Any]:
        """What another model would have said: thinking before a few words."""

    @abstractmethod
    def result(self, call: Call, text: str) -> Any: ...


def says(text: str, told: Told, ask: Ask) -> None:
    """One more piece of text. Raises Left."""
    told.text += text
    told.pieces += bool(text)
    if ask.leave and told.pieces >= ask.leave:
        raise Left
