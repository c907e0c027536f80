"""Web searches that the model asks for, made over Kiro's MCP bridge while it waits.

Source: Kiro rules, section 2, Web search; Kiro wire notes, MCP. The upstream has no form for a hosted
search: it is a tool call of an earlier turn, and what was found is its result, told in full.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dataplane.conversation.model import Call, Hit, Part, Search, Stamp, ToolChoice, Turn, WebSearch
from dataplane.errors import BadUpstream, Cause, Retry, UpstreamFault
from dataplane.upstreams.base import HttpRequest, Lease, Plan, Reply
from dataplane.upstreams.kiro import faults
from dataplane.upstreams.kiro.asking import request
from dataplane.upstreams.kiro.asking.body import arn
from dataplane.upstreams.kiro.asking.findings import told
from dataplane.wire import jsontext

__all__ = ["onward", "told"]

# How long a search may take at one endpoint.
SECONDS = 15.0
# Searches of one answer, whatever the client allows: a model may run in circles.
MOST_SEARCHES = 20
# A model that goes on although it was told that often that it may not.
MOST_REFUSALS = 5

SPENT = "max_uses_exceeded"
THROTTLED = "too_many_requests"
NO_QUERY = "invalid_tool_input"
UNAVAILABLE = "unavailable"


def onward(  # noqa: PLR0913 - the answer so far and all that its going on takes
    asked: Sequence[Search],
    parts: list[Part],
    call: Call,
    lease: Lease,
    stamp: Stamp,
    plan: Callable[[Call], Plan],
    took: Callable[[Search], None],
    *,
    early: bool = False,
) -> Plan:
    """Make the searches that were `asked` for, then let the model go on with what they found.

    `parts` are what the answer holds so far; each search is added to them when it is done, and `took`
    is told. One that comes with an error is not made. `early`: nothing of the answer has reached the
    client, so that a throttled account may give way to another. Raises UpstreamFault, also for a
    model that does not stop searching.
    """
    if sum(isinstance(part, Search) and part.error == SPENT for part in parts) >= MOST_REFUSALS:
        error = BadUpstream("The upstream's model does nothing but search.")
        raise UpstreamFault(Cause.CUT, Retry.NONE, error, status=200, detail="searches without end")
    # Beyond these a model that runs in circles would only be told the same again.
    for search in asked[: MOST_SEARCHES + MOST_REFUSALS]:
        done = yield from _made(search, parts, call, lease, stamp, early=early)
        took(done)
        parts.append(done)
    return (yield from plan(_continued(call, parts)))


def _continued(call: Call, parts: Sequence[Part]) -> Call:
    """The call with the answer so far. The search has met a demand for a call; it must not be made for ever."""
    choice = call.tool_choice
    if choice.mode in {"required", "named"}:
        choice = ToolChoice(parallel=choice.parallel)
    return replace(call, turns=[*call.turns, Turn("assistant", list(parts))], tool_choice=choice)


def _made(
    search: Search, parts: Sequence[Part], call: Call, lease: Lease, stamp: Stamp, *, early: bool
) -> Generator[HttpRequest, Reply, Search]:
    error = search.error or _forbidden(search, parts, call.web_search or WebSearch())
    if error:
        return replace(search, error=error)
    for url in lease.base_urls:
        reply = yield from _asked(_post(search, lease, stamp, url))
        if reply is None:
            continue
        if reply.status == 429 and early:
            raise faults.refused(reply, call, lease)
        if reply.status < 500:
            return _found(search, reply, call.web_search or WebSearch())
    return replace(search, error=UNAVAILABLE)


def _asked(request: HttpRequest) -> Generator[HttpRequest, Reply, Reply | None]:
    """The answer, None where there is none. A bridge that fails says nothing of the account, so it is no fault.

    A kept connection may have been closed just as it was used again.
    """
    for _ in range(2):
        try:
            return (yield request)
        except UpstreamFault as fault:
            if fault.retry is not Retry.SAME_ACCOUNT:
                break
    return None


def _forbidden(search: Search, parts: Sequence[Part], allowed: WebSearch) -> str:
    """Why a search is not made, as Anthropic's code; "" when it is."""
    most = MOST_SEARCHES if allowed.max_uses is None else min(allowed.max_uses, MOST_SEARCHES)
    if sum(isinstance(part, Search) and part.error != SPENT for part in parts) >= most:
        return SPENT
    return "" if search.query.strip() else NO_QUERY


def _post(search: Search, lease: Lease, stamp: Stamp, url: str) -> HttpRequest:
    """JSON-RPC, tools/call."""
    digest = sha256(f"{stamp.id}\0{search.id}".encode("utf-8", "surrogatepass")).hexdigest()
    headers = {**request.headers(lease, replace(stamp, id=digest), 1), "Accept": "application/json"}
    for chat_only in ("x-amzn-codewhisperer-optout", "x-amzn-kiro-agent-mode"):
        headers.pop(chat_only, None)
    name = f"web_search_tooluse_{digest[:22]}_{stamp.created * 1000}_{digest[22:30]}"
    params = {"name": "web_search", "arguments": {"query": search.query}}
    body = {"id": name, "jsonrpc": "2.0", "method": "tools/call", "params": params}
    if profile := arn(lease):
        headers["x-amzn-kiro-profile-arn"] = profile
        body["profileArn"] = profile
    return HttpRequest("POST", f"{url}/mcp", headers, jsontext.dumps(body), streamed=False, seconds=SECONDS)


class _Content(msgspec.Struct):
    type: str = ""
    text: str = ""


class _Result(msgspec.Struct, rename="camel"):
    content: list[_Content] = []
    is_error: bool = False


class _Answer(msgspec.Struct):
    result: _Result | None = None
    error: Any = None


class _Row(msgspec.Struct, rename="camel"):
    title: str | None = None
    url: str | None = None
    snippet: str | None = None
    published_date: Any = None


class _Rows(msgspec.Struct):
    results: list[_Row] | None = None
    error: Any = None


_read_answer = msgspec.json.Decoder(_Answer).decode
_read_rows = msgspec.json.Decoder(_Rows).decode


def _found(search: Search, reply: Reply, allowed: WebSearch) -> Search:
    if reply.status >= 400:
        return replace(search, error=THROTTLED if reply.status == 429 else UNAVAILABLE)
    rows = _rows(reply.body)
    if rows is None:
        return replace(search, error=UNAVAILABLE)
    hits = [Hit(row.title or "", row.url, row.snippet or "", _age(row.published_date)) for row in rows if row.url]
    return replace(search, hits=[hit for hit in hits if _admitted(hit.url, allowed)])


def _rows(body: bytes) -> list[_Row] | None:
    """What was found; only an explicit empty list says that nothing was. None for an error."""
    try:
        answer = _read_answer(body)
        if answer.error is not None or answer.result is None or answer.result.is_error:
            return None
        text = next((content.text for content in answer.result.content if content.type == "text"), "")
        found = _read_rows(text)
    except (ValueError, RecursionError):
        return None
    return None if found.error else found.results


def _age(published: Any) -> str:
    """Milliseconds since the epoch as a date; other wordings stay."""
    if isinstance(published, str):
        return published
    if isinstance(published, bool) or not isinstance(published, int | float) or published <= 0:
        return ""
    try:
        return datetime.fromtimestamp(published / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _admitted(url: str, allowed: WebSearch) -> bool:
    if allowed.allowed_domains and not any(_within(url, domain) for domain in allowed.allowed_domains):
        return False
    return not any(_within(url, domain) for domain in allowed.blocked_domains)


def _within(url: str, domain: str) -> bool:
    """Whether a page belongs to a domain of the client's list: a host or its subdomains, below a path if it has one."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    wanted, slash, path = domain.strip().lower().partition("/")
    if host != wanted and not host.endswith(f".{wanted}"):
        return False
    pattern = slash + path.rstrip("/").replace("[", "[[]").replace("?", "[?]")
    below = parts.path.lower()
    return pattern in {"", "/"} or fnmatchcase(below, pattern) or fnmatchcase(below, f"{pattern}/*")
