"""A client's conversation and, for each of its turns, what the data plane does: lease, attempt, fail over, settle."""

import asyncio
import itertools
from dataclasses import dataclass, field

from benchmarks.scheduling.loop import START
from benchmarks.scheduling.measure import SERVED, Attempt, Notes, Request
from benchmarks.scheduling.plane import PROXY_KEY, Plane
from benchmarks.scheduling.traffic import Session, Turn
from benchmarks.scheduling.upstream import Answer, Failure, Upstream
from controlplane.domain import outcome
from controlplane.domain.lease import Ask, Caller, Lease, Refusal, Reservation
from controlplane.domain.outcome import Ending, Outcome, Source, Usage

# As the data plane has them: accounts for one request, faults after which the same account is asked once more
# where there is no other, and when.
MOST_ACCOUNTS = 3
PASSING = frozenset({"unavailable", "unreachable"})
MOMENT = 0.5


@dataclass(slots=True)
class Way:
    """One request on its way. `tried`: accounts not to be asked again. `told`: attempts the control plane knows of."""

    id: str
    session: Session
    turn: Turn
    noted: Request
    lease_id: str = ""
    tried: list[str] = field(default_factory=list)
    attempts: list[outcome.Attempt] = field(default_factory=list)
    told: int = 0
    again: bool = False


class Exchange:
    """Plays conversations against the control plane and the upstream."""

    def __init__(self, plane: Plane, upstream: Upstream, notes: Notes) -> None:
        self._plane = plane
        self._upstream = upstream
        self._notes = notes
        self._sequence = itertools.count(1)
        self._caller = Caller(PROXY_KEY)

    async def play(self, session: Session) -> None:
        """All turns of a conversation, one after the other; one that fails is not asked again."""
        before = ""
        for number, turn in enumerate(session.turns):
            await asyncio.sleep(turn.pause)
            noted = Request(asyncio.get_running_loop().time(), follows=before != "", reasons=session.reasons)
            self._notes.requests.append(noted)
            await self._request(Way(f"{session.name}.{number}", session, turn, noted))
            if noted.end == SERVED:
                noted.stayed = noted.attempts[-1].account == before
                before = noted.attempts[-1].account

    async def _request(self, way: Way) -> None:
        said = await self._acquire(way)
        while isinstance(said, Lease):
            way.lease_id = said.lease_id
            fault = await self._attempt(way, said.account_id)
            if not fault:
                return await self._settle(way, Ending.SERVED, SERVED)
            if len(way.tried) + 1 >= MOST_ACCOUNTS:
                return await self._settle(way, Ending.FAILED, fault)
            way.tried.append(said.account_id)
            said = await self._another(way, fault)
        if isinstance(said, Reservation):
            raise TypeError("nothing was to be reserved only")
        cause = f"refused: {said.reason.name.lower()}"
        if way.lease_id:
            return await self._settle(way, Ending.FAILED, cause)
        # The control plane records what it turns away itself.
        way.noted.end = cause
        return None

    async def _another(self, way: Way, fault: str) -> Lease | Reservation | Refusal:
        """Another account; where there is none, once more the one that failed, if that may help."""
        said = await self._acquire(way)
        if isinstance(said, Lease) or way.again or fault not in PASSING:
            return said
        way.again = True
        way.tried.pop()
        await asyncio.sleep(MOMENT)
        return await self._acquire(way)

    async def _acquire(self, way: Way) -> Lease | Reservation | Refusal:
        loop = asyncio.get_running_loop()
        failed, way.told = way.attempts[way.told :], len(way.attempts)
        asked = Ask(
            self._caller,
            way.id,
            way.session.model,
            estimated_input_tokens=way.turn.context,
            session=way.session.name,
            excluded_account_ids=tuple(way.tried),
            lease_id=way.lease_id,
            failed=failed,
            received_at_ms=milliseconds(START + way.noted.at),
            dialect="anthropic",
            streamed=True,
            sticky=way.session.reasons,
        )
        began = loop.time()
        said = await self._plane.acquire(asked)
        way.noted.waited += loop.time() - began
        return said

    async def _attempt(self, way: Way, account_id: str) -> str:
        """One try at one account; its fault, empty when it served."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        noted = Attempt(began, account_id)
        way.noted.attempts.append(noted)
        made = outcome.Attempt(account_id, "kiro", way.session.model, started_ms=milliseconds(began - way.noted.at))
        way.attempts.append(made)
        reply, spent = self._upstream.open(account_id, way.session, way.turn, START + began), 0.0
        if isinstance(reply, Failure):
            await asyncio.sleep(reply.seconds)
            noted.fault = made.fault = reply.fault
            made.status, made.retry_after = reply.status, reply.retry_after
        else:
            spent = way.turn.credits
            await self._answered(way, reply)
        self._upstream.close(account_id, spent, START + loop.time())
        made.ended_ms = milliseconds(loop.time() - way.noted.at)
        return made.fault

    async def _answered(self, way: Way, answer: Answer) -> None:
        await asyncio.sleep(answer.first)
        way.noted.first = asyncio.get_running_loop().time() - way.noted.at
        way.noted.warm = answer.warm
        await asyncio.sleep(answer.streaming)

    async def _settle(self, way: Way, ending: Ending, end: str) -> None:
        way.noted.end = end
        served = ending is Ending.SERVED
        turn = way.turn
        usage = Usage(turn.context, output=turn.output, credits=turn.credits, credits_source=Source.UPSTREAM) if served else Usage()
        elapsed = asyncio.get_running_loop().time() - way.noted.at
        reported = Outcome(
            way.lease_id,
            way.id,
            ending,
            200 if served else 503,
            milliseconds(START + way.noted.at),
            milliseconds(elapsed),
            "anthropic",
            streamed=True,
            usage=usage,
            attempts=way.attempts,
            error="" if served else end,
            first_event_ms=milliseconds(way.noted.first) if served else None,
            sequence=next(self._sequence),
        )
        await self._plane.settle(reported)


def milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
