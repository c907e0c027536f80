"""A conversation as coding agents have them: it grows by an answer and what follows it, and each time all of it is sent."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from dataplane.conversation.estimate import prompt_tokens
from dataplane.conversation.model import Call, Part, Sampling, Text, Tool, ToolCall, ToolResult, Turn

MODEL, WINDOW, ANSWER_TOKENS = "claude-sonnet-4.5", 200_000, 8192
# Words of a user, of the model between its calls and at the end of a task; characters that a tool gives back.
ASKED, THOUGHT, ANSWERED = (20, 100), (10, 40), (60, 200)
GIVEN_BACK = (200, 6000)
# Calls in a row until a task is done, and how often two are made at once.
ROUNDS, PARALLEL_SHARE = (3, 10), 0.15
# The client's own prompt, in words, and its tools.
PROMPT_WORDS, TOOLS, TOOL_WORDS = 3500, 16, 180

NAMES = ("read_file", "edit_file", "write_file", "run_command", "search_text", "list_directory")
FOLDERS = ("billing", "orders", "gateway", "accounts", "reports", "shared", "storage", "sessions")
FILES = ("service", "models", "routes", "client", "errors", "settings", "cache", "tests", "migrations", "views")
PHRASES = (
    "the service returns an error when a request arrives before its account is loaded so we should wait for the store and "
    "then check that each invoice has its own number because two workers may write at once use the existing lock instead of "
    "another one keep names as they are add a test for the empty list and make sure that timeouts are told to callers in "
    "seconds not milliseconds move parsing out of the handler into a function that takes bytes and gives back a value"
)
WORDS = PHRASES.split()
CODE = ("return", "if", "await", "for", "self", "None", "raise", "def", "import", "assert", "with", "value", "row", "name", "key")


@dataclass(frozen=True)
class Growing:
    """`ends`: how many turns each request has."""

    turns: Sequence[Turn]
    ends: Sequence[int]
    system: str
    tools: Sequence[Tool]

    def __len__(self) -> int:
        return len(self.ends)

    def calls(self) -> Iterator[Call]:
        """The requests, one after the other."""
        return (self.call(number) for number in range(len(self.ends)))

    def call(self, number: int) -> Call:
        """One request: everything that was said until then."""
        call = Call(
            model=MODEL,
            turns=list(self.turns[: self.ends[number]]),
            family="anthropic",
            system=[self.system],
            tools=list(self.tools),
            sampling=Sampling(max_tokens=ANSWER_TOKENS),
        )
        call.input_estimate = prompt_tokens(call)
        return call


def grown(seed: int, requests: int) -> Growing:
    """A conversation of so many requests; the same for the same seed."""
    agent = Agent(Random(f"{seed} conversation"))
    while len(agent.ends) < requests:
        agent.task()
    ends = agent.ends[:requests]
    return Growing(agent.turns[: ends[-1]], ends, agent.prose(PROMPT_WORDS), agent.tools())


class Agent:
    """A user who asks for one thing after another, and a model that works on each with tools."""

    def __init__(self, chance: Random) -> None:
        self.turns: list[Turn] = []
        self.ends: list[int] = []
        self._chance = chance
        self._calls = 0

    def task(self) -> None:
        """The user asks, the model calls tools until it is done, and says so."""
        path = self._path()
        self._user([Text(f"In {path}: {self.prose(self._between(ASKED))}.")])
        for _ in range(self._between(ROUNDS)):
            calls = [self._call(path) for _ in range(2 if self._chance.random() < PARALLEL_SHARE else 1)]
            self.turns.append(Turn("assistant", [Text(f"{self.prose(self._between(THOUGHT))}."), *calls]))
            self._user([ToolResult(call.id, [Text(self._output(self._between(GIVEN_BACK)))]) for call in calls])
            path = path if self._chance.random() < 0.5 else self._path()
        self.turns.append(Turn("assistant", [Text(f"{self.prose(self._between(ANSWERED))}.")]))

    def tools(self) -> list[Tool]:
        """What the client offers with every request."""
        names = [*NAMES, *(f"tool_{number}" for number in range(len(NAMES), TOOLS))]
        schema = json.dumps({"type": "object", "properties": {"path": {"type": "string"}, "text": {"type": "string"}}}).encode()
        return [Tool(name, self.prose(TOOL_WORDS), schema) for name in names]

    def prose(self, words: int) -> str:
        """Sentences of a dozen words."""
        drawn = self._chance.choices(WORDS, k=words)
        return ". ".join(" ".join(drawn[begin : begin + 12]) for begin in range(0, words, 12))

    def _user(self, parts: list[Part]) -> None:
        self.turns.append(Turn("user", parts))
        self.ends.append(len(self.turns))

    def _call(self, path: str) -> ToolCall:
        self._calls += 1
        name = self._chance.choice(NAMES)
        arguments = {"path": path, **({"text": self._output(self._between((100, 900)))} if name in ("edit_file", "write_file") else {})}
        return ToolCall(f"toolu_{self._calls:024d}", name, json.dumps(arguments))

    def _path(self) -> str:
        return f"src/{self._chance.choice(FOLDERS)}/{self._chance.choice(FILES)}.py"

    def _output(self, characters: int) -> str:
        """So many characters of numbered lines, as files and logs have them."""
        lines: list[str] = []
        length = number = 0
        while length < characters:
            number += 1
            lines.append(f"{number:4d}  {' '.join(self._chance.choices((*CODE, *WORDS), k=8))} = {self._chance.randrange(10_000)}")
            length += len(lines[-1]) + 1
        return "\n".join(lines)[:characters]

    def _between(self, bounds: tuple[int, int]) -> int:
        return self._chance.randint(*bounds)
