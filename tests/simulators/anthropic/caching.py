"""Prompt caching: what of a prompt was written before under a breakpoint, byte for byte, is read and not computed.

The prompt is rendered tools first, then system, then messages, each block as its JSON with the members in the order
they came in, so that another order of members is another prefix, as it is for the real API.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.simulators.anthropic.request import blocks, mapping, objects
from tests.simulators.serving.caching import Prefixes

LOOKBACK = 20  # blocks before a breakpoint in which an older one is looked for
LIVES = {"5m": 300.0, "1h": 3600.0}  # seconds


@dataclass(frozen=True, slots=True)
class Piece:
    """A rendered block. `life` is that of the breakpoint on it, "" for none."""

    data: bytes
    life: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """How a prompt's tokens are charged."""

    fresh: int
    read: int
    short: int
    long: int

    @property
    def total(self) -> int:
        return self.fresh + self.read + self.short + self.long

    def usage(self) -> dict[str, Any]:
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.short + self.long,
            "cache_read_input_tokens": self.read,
            "cache_creation": {"ephemeral_5m_input_tokens": self.short, "ephemeral_1h_input_tokens": self.long},
        }


def render(body: Mapping[str, Any]) -> list[Piece]:
    found = list(_pieces(body))
    whole = mapping(body.get("cache_control"))
    if whole and found:
        found[-1] = Piece(found[-1].data, found[-1].life or whole.get("ttl", "5m"))
    return found


def count(pieces: list[Piece]) -> int:
    return max(1, sum(_tokens(piece) for piece in pieces))


def charge(prefixes: Prefixes, seed: str, pieces: list[Piece], now: float, minimum: int) -> Tokens:
    """Charges a prompt and remembers the prefixes under its breakpoints."""
    chain = prefixes.chain(seed, [piece.data for piece in pieces])
    ends = [sum(_tokens(each) for each in pieces[: at + 1]) for at in range(len(pieces))]
    marks = [at for at, piece in enumerate(pieces) if piece.life and ends[at] >= minimum]
    reached = {at for mark in marks for at in range(max(0, mark - LOOKBACK), mark + 1)}
    hit = max((at for at in reached if prefixes.knows(chain[at], now)), default=-1)
    read = written = ends[hit] if hit >= 0 else 0
    made = {"5m": 0, "1h": 0}
    for mark in marks:
        prefixes.keep(chain[mark], now + LIVES[pieces[mark].life])
        made[pieces[mark].life] += max(0, ends[mark] - written)
        written = max(written, ends[mark])
    return Tokens(count(pieces) - written, read, made["5m"], made["1h"])


def _pieces(body: Mapping[str, Any]) -> Iterator[Piece]:
    for tool in objects(body.get("tools")):
        yield _piece("tool", tool)
    for block in blocks(body.get("system")):
        yield _piece("system", block)
    # Another choice of tools or thinking invalidates the messages, not what stands before them.
    yield Piece(json.dumps([body.get("tool_choice"), mapping(body.get("thinking")).get("type")]).encode(), "")
    for message in objects(body.get("messages")):
        for block in blocks(message.get("content")):
            yield _piece(str(message.get("role")), block)


def _piece(kind: str, block: Mapping[str, Any]) -> Piece:
    mark = mapping(block.get("cache_control"))
    rest = {name: value for name, value in block.items() if name != "cache_control"}
    return Piece(f"{kind} {json.dumps(rest, ensure_ascii=False)}".encode(), mark.get("ttl", "5m") if mark else "")


def _tokens(piece: Piece) -> int:
    return len(piece.data) // 4
