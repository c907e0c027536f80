"""What is measured, and what it may cost."""

import functools
import json
from dataclasses import dataclass
from typing import Any

# Who serves a model, by its name.
MODELS = {"kiro": "claude-sonnet-4.5", "openai": "mock-chat", "anthropic": "mock-messages"}
PATHS = {
    "anthropic": "/v1/messages",
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "kiro": "/generateAssistantResponse",
}


@dataclass(frozen=True)
class Case:
    """One kind of request, sent over and over: in which dialect, and to an account of which kind.

    `events` text events are answered, all at once or `pace_ms` apart; `tools` and `history` make
    the body large; an answer of the Responses dialect may be `kept`. So many `connections` ask at a
    time: enough to saturate a core when the answer comes at once, few enough not to when it is paced.
    """

    name: str
    dialect: str = "anthropic"
    upstream: str = "kiro"
    streamed: bool = True
    events: int = 20
    pace_ms: int = 0
    connections: int = 32
    tools: int = 0
    history: int = 2
    kept: bool = False
    meaning: str = ""

    @property
    def kind(self) -> str:
        """How an answer of this case is to be read."""
        return self.dialect if self.dialect == "kiro" else f"{self.dialect}-{'stream' if self.streamed else 'whole'}"

    @property
    def stagger(self) -> float:
        """Seconds from one connection's start to the next one's.

        Paced requests are spread over the length of an answer, and a little more, so that neither
        they nor their events come all at the same moment.
        """
        return (self.events + 1) * self.pace_ms / 1000 / self.connections

    @property
    def marker(self) -> str:
        """What tells the mock how to answer."""
        return f"events={self.events} pace={self.pace_ms}"


@functools.cache
def body(case: Case) -> bytes:
    """The request of a case: 1.7 KB, or 122 KB with twenty tools and a long history."""
    return json.dumps(WRITERS[case.dialect](case)).encode()


def _turns(case: Case) -> list[dict[str, Any]]:
    """Questions and answers by turns, the marker in the last question."""
    turns = [{"role": ("user", "assistant")[number % 2], "content": f"{number}: {PROSE}"} for number in range(case.history)]
    return [*turns, {"role": "user", "content": f"Answer with {case.marker}, please."}]


def _anthropic(case: Case) -> dict[str, Any]:
    tools = [{"name": f"tool_{number}", "description": PROSE, "input_schema": SCHEMA} for number in range(case.tools)]
    asked = {"model": MODELS[case.upstream], "max_tokens": 8192, "stream": case.streamed, "system": PROSE, "messages": _turns(case)}
    return {**asked, "tools": tools} if tools else asked


def _openai(case: Case) -> dict[str, Any]:
    functions = [{"name": f"tool_{number}", "description": PROSE, "parameters": SCHEMA} for number in range(case.tools)]
    messages = [{"role": "system", "content": PROSE}, *_turns(case)]
    asked = {"model": MODELS[case.upstream], "max_tokens": 8192, "stream": case.streamed, "messages": messages}
    return {**asked, "tools": [{"type": "function", "function": function} for function in functions]} if functions else asked


def _responses(case: Case) -> dict[str, Any]:
    asked = {"model": MODELS[case.upstream], "max_output_tokens": 8192, "stream": case.streamed, "store": case.kept}
    return {**asked, "instructions": PROSE, "input": _turns(case)}


def _kiro(case: Case) -> dict[str, Any]:
    """What the mock reads of it is the marker; the rest is there for the weight."""
    message = {"content": f"{PROSE}{PROSE}{PROSE}{case.marker}", "modelId": MODELS["kiro"], "origin": "AI_EDITOR"}
    return {"conversationState": {"chatTriggerType": "MANUAL", "currentMessage": {"userInputMessage": message}}}


PROSE = " ".join(f"Sentence {number} says a little about what the two of them are doing here." for number in range(7)) + " "
SCHEMA = {
    "type": "object",
    "properties": {f"field_{number}": {"type": "string", "description": "What this is good for."} for number in range(8)},
    "required": ["field_0"],
}
WRITERS = {"anthropic": _anthropic, "openai": _openai, "responses": _responses, "kiro": _kiro}

CASES = {
    case.name: case
    for case in (
        Case("ns", streamed=False, meaning="whole answer of 20 events"),
        Case("s20", meaning="stream of 20 events, all at once"),
        Case("s200", events=200, meaning="stream of 200 events, all at once"),
        Case("p20", pace_ms=10, connections=8, meaning="stream of 20 events, 10 ms apart"),
        Case("p200", events=200, pace_ms=5, connections=4, meaning="stream of 200 events, 5 ms apart"),
        Case("big", streamed=False, connections=8, tools=20, history=190, meaning="ns with a 122 KB body, 20 tools"),
        Case("openai/ns", dialect="openai", streamed=False, meaning="ns for an OpenAI client"),
        Case("openai/s20", dialect="openai", meaning="s20 for an OpenAI client"),
        Case("oai-ns", "openai", "openai", streamed=False, meaning="ns, OpenAI client and upstream"),
        Case("oai-s20", "openai", "openai", meaning="s20, OpenAI client and upstream"),
        Case("oai-s200", "openai", "openai", events=200, meaning="s200, OpenAI client and upstream"),
        Case(
            "oai-big", "openai", "openai", streamed=False, connections=8, tools=20, history=190, meaning="big, OpenAI client and upstream"
        ),
        Case("ant-ns", "anthropic", "anthropic", streamed=False, meaning="ns, Anthropic client and upstream"),
        Case("ant-s20", "anthropic", "anthropic", meaning="s20, Anthropic client and upstream"),
        Case("ant-s200", "anthropic", "anthropic", events=200, meaning="s200, Anthropic client and upstream"),
        Case(
            "ant-big",
            "anthropic",
            "anthropic",
            streamed=False,
            connections=8,
            tools=20,
            history=190,
            meaning="big, Anthropic client and upstream",
        ),
        Case("rsp-s20", "responses", "openai", meaning="s20, Responses client and OpenAI upstream"),
        Case("rsp-kept", "responses", "openai", kept=True, meaning="rsp-s20, the answer kept"),
        Case("direct", dialect="kiro", meaning="the mock itself, reached directly with s20's answer"),
    )
}
DEFAULT = ("ns", "s20", "s200", "p200", "oai-s20", "ant-s20", "rsp-s20", "direct")


@dataclass(frozen=True)
class Budget:
    """The most a figure may be, and what it should be."""

    unit: str
    most: float
    goal: float


# Microseconds are CPU time of the data plane, of the control plane where that is said. The figures
# are for one core of the machine in docs/performance.md.
BUDGETS = {
    "ns": Budget("µs", 350, 200),
    "s20": Budget("µs", 420, 250),
    "s200": Budget("µs", 1150, 800),
    "big": Budget("µs", 600, 450),
    "openai/ns": Budget("µs", 350, 200),
    "openai/s20": Budget("µs", 420, 250),
    "oai-ns": Budget("µs", 300, 150),
    "oai-s20": Budget("µs", 420, 250),
    "oai-s200": Budget("µs", 1150, 800),
    "oai-big": Budget("µs", 600, 450),
    "ant-ns": Budget("µs", 300, 150),
    "ant-s20": Budget("µs", 420, 250),
    "ant-s200": Budget("µs", 1150, 800),
    "ant-big": Budget("µs", 600, 450),
    "rsp-s20": Budget("µs", 420, 250),
    "each further event, at once": Budget("µs", 4, 3),
    "each further event, OpenAI": Budget("µs", 4, 3),
    "each further event, Anthropic": Budget("µs", 4, 3),
    "each event, paced": Budget("µs", 90, 62),
    "control plane, per request": Budget("µs", 80, 45),
    "added time to first byte, paced, p50": Budget("ms", 1.5, 1),
    "memory of the data plane, idle": Budget("MiB", 80, 60),
    "start to ready, data plane": Budget("s", 1, 0.5),
    "start to ready, whole stack": Budget("s", 4, 2),
}
