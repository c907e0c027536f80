"""The model that summarises, in its place: its words are drawn from what it is asked, its time is made up."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from headgate.tokens import ASCII_PER_TOKEN, text_tokens
from summarizer.ports import Answered, Errand
from summarizer.shortening.prompts import SLACK

# A small fast model: until its first word, and for each token of its answer.
FIRST_SECONDS, TOKEN_SECONDS = 0.8, 0.012
# Of the length that it is asked for it fills so much.
FILLED = 0.8


@dataclass(slots=True)
class Spent:
    """What model calls cost, also those that go on behind a request until the next one comes."""

    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Stub:
    """Implements the Model port. The prompt of a call that is broken off has been paid for. `working`: calls that go on."""

    spent: Spent = field(default_factory=Spent)
    working: int = 0

    def begin(self) -> Spent:
        """From here on, other sums."""
        self.spent = Spent()
        return self.spent

    async def ask(self, errand: Errand, model: str, system: str, prompt: str, max_tokens: int) -> Answered:  # noqa: ARG002 - the port's shape
        text = summarised(prompt, max_tokens)
        asked, answered = tokens(system) + tokens(prompt), tokens(text)
        seconds = FIRST_SECONDS + TOKEN_SECONDS * answered
        self.spent.calls += 1
        self.spent.prompt_tokens += asked
        self.working += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self.working -= 1
        self.spent.seconds += seconds
        self.spent.answer_tokens += answered
        return Answered(text, asked + answered)


def summarised(prompt: str, max_tokens: int) -> str:
    """Words from everywhere in the prompt, about as many as are asked for."""
    words = prompt.split()
    per_word = text_tokens(prompt) / max(1, len(words))
    wanted = max(1, int(max_tokens / SLACK * FILLED / max(per_word, 1 / ASCII_PER_TOKEN)))
    step = max(1, len(words) // wanted)
    return " ".join(words[::step][:wanted])


def tokens(text: str) -> int:
    return round(text_tokens(text))


@contextlib.asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[str, Spent]]:
    """The same model as a data plane of its own, on loopback: it answers at once. Its address, and what was asked of it;
    `seconds` is there the CPU time that it took for itself.
    """
    spent = Spent()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(length(head))
                began = time.process_time()
                writer.write(reply(json.loads(body), spent))
                spent.seconds += time.process_time() - began
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", spent
    finally:
        server.close()


def length(head: bytes) -> int:
    """What follows the head of a request, in bytes."""
    return next(int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))


def reply(body: dict[str, object], spent: Spent) -> bytes:
    """The whole answer to a Messages request."""
    messages, most = body["messages"], body["max_tokens"]
    assert isinstance(messages, list)
    assert isinstance(most, int)
    prompt = str(messages[0]["content"])
    text = summarised(prompt, most)
    usage = {"input_tokens": tokens(prompt) + tokens(str(body["system"])), "output_tokens": tokens(text)}
    spent.calls += 1
    spent.prompt_tokens += usage["input_tokens"]
    spent.answer_tokens += usage["output_tokens"]
    message = {"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    data = json.dumps(message).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)
