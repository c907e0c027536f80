"""Rules about `cache_control`."""

from collections.abc import Iterator
from typing import Any

from tests.simulators.anthropic.request import Request, objects

MOST = 4


def shape(request: Request) -> str | None:
    for path, mark, block in _marks(request):
        if not isinstance(mark, dict) or mark.get("type") != "ephemeral":
            return f"{path}.cache_control.type: Input should be 'ephemeral'"
        if mark.get("ttl", "5m") not in ("5m", "1h"):
            return f"{path}.cache_control.ttl: Input should be '5m' or '1h'"
        for name in mark:
            if name not in ("type", "ttl"):
                return f"{path}.cache_control.{name}: Extra inputs are not permitted"
        if block.get("type") == "text" and not block.get("text"):
            return f"{path}: cache_control cannot be set for empty text blocks"
    return None


def count(request: Request) -> str | None:
    found = sum(1 for _ in _marks(request))
    return f"A maximum of {MOST} blocks with cache_control may be provided. Found {found}." if found > MOST else None


def order(request: Request) -> str | None:
    """Longer lives stand before shorter ones."""
    short = False
    for path, mark, _ in _marks(request):
        long = mark.get("ttl") == "1h"
        if long and short:
            return (
                f"{path}.cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
                "Note that blocks are processed in the following order: `tools`, `system`, `messages`."
            )
        short = short or not long
    return None


def _marks(request: Request) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Each mark with its path and block, in the order in which a prompt is made."""
    for path, block in _blocks(request):
        if block.get("cache_control") is not None:
            yield path, block["cache_control"], block
    if request.raw.get("cache_control") is not None:
        yield "cache_control", request.raw["cache_control"], {}


def _blocks(request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    for at, tool in enumerate(request.tools):
        yield f"tools.{at}", tool
    for at, block in enumerate(objects(request.raw.get("system"))):
        yield f"system.{at}", block
    for each in request.nested():
        yield each.path, each.raw
