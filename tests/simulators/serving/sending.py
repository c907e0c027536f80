"""From an answer's parts to bytes on the wire: as a stream of events, or gathered into one body."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from tests.simulators.serving.parts import Cut, Events, Half, Part, Parts, Raw, Report, Wait
from tests.simulators.serving.steps import Break, Pause, Send, Steps


class Writer(Protocol):
    """One answer in a vendor's wire form."""

    def event(self, part: Part) -> bytes:
        """The event or events of a part; the first one brings the opening with it. May be empty."""

    def whole(self, parts: list[Part]) -> bytes:
        """The JSON of an answer made of these parts, which hold neither Wait, Cut nor Report."""

    def payload(self, events: Events) -> bytes:
        """What a script gives word for word, as a whole body."""


@dataclass(slots=True)
class Gathered:
    """A whole answer before it is sent: a body, a report to refuse with, or a break after half the body."""

    body: bytes = b""
    report: Report | None = None
    cut: Cut | None = None
    parts: list[Part] = field(default_factory=list)


def streamed(parts: Parts, writer: Writer) -> Steps:
    for part in parts:
        match part:
            case Wait(seconds, early):
                yield Pause(seconds, early)
            case Cut(how):
                yield Break(how)
            case _:
                if data := writer.event(part):
                    yield Send(data)


def chopped(parts: Parts, writer: Writer, script: str) -> Steps:
    """The same bytes in chunks of one byte, or with every chunk ending within a character."""
    body = b"".join(writer.event(part) for part in parts)
    cuts = range(1, len(body)) if script == "bytes" else [at for at in range(1, len(body)) if body[at] & 0xC0 == 0x80]
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        yield Send(body[start:end])


async def gather(parts: Parts, writer: Writer) -> Gathered:
    """Waits where the script waits; ends at the first report or break."""
    found = Gathered()
    for part in parts:
        match part:
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Cut():
                found.cut = part
                break
            case Report():
                found.report = part
                return found
            case _:
                found.parts.append(part)
    found.body = _body(found.parts, writer)
    return found


def halved(found: Gathered) -> Steps:
    """Half of the body and the break; the break alone when nothing was said before it."""
    if found.body:
        yield Send(found.body[: len(found.body) // 2])
    if found.cut:
        yield Break(found.cut.how)


def _body(parts: list[Part], writer: Writer) -> bytes:
    if not parts:
        return b""
    raw = b"".join(_data(part, writer) for part in parts)
    if raw:
        return raw
    body = writer.whole([part for part in parts if not isinstance(part, Half)])
    return body[: len(body) // 2] if any(isinstance(part, Half) for part in parts) else body


def _data(part: Part, writer: Writer) -> bytes:
    match part:
        case Raw(data):
            return data
        case Events():
            return writer.payload(part)
    return b""
