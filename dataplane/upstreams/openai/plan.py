"""The exchange that leads to an answer: one request, and a mended one where the refusal says what is wrong.

Nobody can know of every endpoint what it takes. One that refuses a request for a member by its name is asked again
without it. That it does not know the member at all is remembered for a while, so that later requests are right at once;
that it does not take one client's value says nothing about another's.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeVar

from dataplane.conversation.model import Call, Stamp
from dataplane.errors import Retry, UpstreamFault
from dataplane.upstreams import refusals
from dataplane.upstreams.base import HttpRequest, Lease, Plan, Reply
from dataplane.upstreams.openai import faults, fidelity
from dataplane.upstreams.openai.asking import body, onward
from dataplane.upstreams.openai.fates import Words, greedy
from dataplane.upstreams.openai.mends import MENDS
from dataplane.upstreams.openai.quirks import Quirks, of

Key = TypeVar("Key")
Value = TypeVar("Value")

# Places that are remembered; the oldest goes first.
REMEMBERED = 4096
# How long; endpoints are renewed, and a refusal may be misread.
REMEMBERED_SECONDS = 3600
# Flaws of one request that are mended; each costs an exchange.
MOST_MENDED = 4
PATH = "/chat/completions"


@dataclass(slots=True)
class _Row:
    """What was learned of one place; `since` in epoch seconds."""

    quirks: Quirks
    since: int


class Memory:
    """The quirks of each endpoint and model, as far as they are known."""

    def __init__(self) -> None:
        self._learned: dict[tuple[str, str], _Row] = {}
        # Those by which an answer was asked for, until its decoder begins; by the stamp's id.
        self._used: dict[str, Quirks] = {}
        # The time of the latest request.
        self._now = 0

    def quirks(self, lease: Lease) -> Quirks:
        row = self._learned.get(_place(lease)) if self._learned else None
        return row.quirks if row is not None and self._now - row.since < REMEMBERED_SECONDS else of(lease)

    def begin(self, stamp: Stamp) -> None:
        """Time goes on with the requests."""
        self._now = max(self._now, stamp.created)

    def learn(self, lease: Lease, quirks: Quirks) -> None:
        _keep(self._learned, _place(lease), _Row(quirks, self._now))

    def use(self, stamp: Stamp, quirks: Quirks) -> None:
        _keep(self._used, stamp.id, quirks)

    def used(self, stamp: Stamp, lease: Lease) -> Quirks:
        """By which quirks the request of this stamp was made; told once."""
        return self._used.pop(stamp.id, None) or self.quirks(lease)


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > REMEMBERED:
        del kept[next(iter(kept))]


@dataclass(slots=True, frozen=True)
class Flaw:
    """What a refused request can be mended of. `member` is its name, or GREED for too long an answer; `unknown`: the
    endpoint has no such member, whatever its value.
    """

    member: str
    unknown: bool = False


def chat(call: Call, lease: Lease, stamp: Stamp, memory: Memory) -> Plan:
    """One exchange with the model. Raises UpstreamFault, and InvalidRequest for what cannot be sent."""
    memory.begin(stamp)
    known = learned = quirks = memory.quirks(lease)
    mended: set[str] = set()
    lost: tuple[str, ...] = ()
    while True:
        # What was known before is the line's to refuse.
        refusals.heed_strict(lease, lost)
        reply = yield from _asked(call, lease, quirks)
        if reply.status < 400 and not reply.headers.get("content-type", "").startswith("text/html"):
            break
        found = flaw(reply.status, faults.said(reply)) if len(mended) < MOST_MENDED else None
        if found is None or found.member in mended:
            raise faults.refused(reply, call, lease)
        mended.add(found.member)
        quirks = _without(quirks, found)
        learned = _without(learned, found) if found.unknown else learned
        lost = _lost(call, lease, known, quirks)
    if learned != known:
        memory.learn(lease, learned)
    memory.use(stamp, quirks)
    reply.dropped, reply.endpoint = lost, lease.base_urls[0]
    return reply


def flaw(status: int, words: Words) -> Flaw | None:
    """What a refused request can be mended of, None for nothing."""
    if status not in {400, 422}:
        return None
    if greedy(words.message):
        return Flaw(GREED)
    said = f"{words.code} {words.type} {words.message}".lower()
    if not _UNWANTED(said):
        return None
    member = words.param.rpartition(".")[2]
    if member not in MENDS:
        found = _NAMED(words.message)
        member = next(filter(None, found.groups())) if found else ""
    return Flaw(member, unknown=member in OURS or _UNKNOWN(said) is not None) if member else None


def _without(quirks: Quirks, found: Flaw) -> Quirks:
    """Without a limit, the model's own holds."""
    return replace(quirks, limits=()) if found.member == GREED else MENDS[found.member](quirks)


def _lost(call: Call, lease: Lease, known: Quirks, quirks: Quirks) -> tuple[str, ...]:
    before = fidelity.dropped(call, lease, known)
    return tuple(path for path in fidelity.dropped(call, lease, quirks) if path not in before)


def post(call: Call, lease: Lease, quirks: Quirks) -> HttpRequest:
    """Raises InvalidRequest."""
    made = onward.sent_on(call, lease, quirks) if onward.whole(call, quirks) else body.built(call, lease, quirks)
    headers = {"content-type": "application/json", "accept": "text/event-stream, application/json", "user-agent": "headgate"}
    if token := lease.credential.access_token:
        headers["authorization"] = f"Bearer {token}"
    return HttpRequest("POST", lease.base_urls[0].rstrip("/") + PATH, headers, made)


def _asked(call: Call, lease: Lease, quirks: Quirks) -> Generator[HttpRequest, Reply, Reply]:
    """A kept connection may have been closed just as it was used again; that says nothing about the endpoint."""
    try:
        return (yield post(call, lease, quirks))
    except UpstreamFault as fault:
        if fault.retry is not Retry.SAME_ACCOUNT:
            raise
    return (yield post(call, lease, quirks))


def _place(lease: Lease) -> tuple[str, str]:
    return lease.base_urls[0], lease.model


GREED = "greed"
# Members whose value is the gateway's: what is refused of them is refused to everybody.
OURS = frozenset({"stream", "stream_options"})
_UNWANTED = re.compile(
    r"support|recogni|unknown|unexpected|permitted|allowed|unavailable|extra[_ ](?:inputs|fields|forbidden)|additional propert|verified"
).search
# Refusals of a member, and not of the value that it has: "temperature is not supported", but not "'temperature' of 5 is not
# supported". OpenAI's way to say that a model draws in one way only is that it takes "only the default" value.
_MEMBER = r"(?:request )?(?:param|arg|field|prop|key|member)"
_UNKNOWN = re.compile(
    rf"(?:unknown|unrecogni[sz]ed|unexpected|unsupported)[_ ]{_MEMBER}|extra[_ ](?:inputs|fields|forbidden)|additional propert"
    r"|only the default|does not support thinking"
    rf"|\b(?:{'|'.join(MENDS)})\b['\"`]?(?: types?)? (?:is|are) "
    r"(?:not (?:supported|allowed|permitted|available|recogni[sz]ed)|unsupported|unavailable)"
    r"(?! (?:when|while|together|in combination|with (?!this model)))"
).search
# Names that are also words of prose count in quotation marks only.
_QUOTED = frozenset({"stop", "stream", "thinking", "strict", "reasoning", "store", "metadata", "user", "seed", "verbosity"})
_BARE = "|".join(name for name in MENDS if name not in _QUOTED)
_NAMED = re.compile(
    rf"""['"`](?:[\w\[\]]+\.)*({"|".join(MENDS)})['"`]|\b({_BARE})\b|does not support (thinking)\b""",
).search
