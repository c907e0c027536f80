"""Trying an account out: one small request, made as a client would make it, to this account alone.

The control plane speaks no upstream's chat format, so it asks its own data plane, with a pass for the one account.
The account is chosen however it stands: to see what it does is what a test is for.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from controlplane.domain.account import AccountView
from controlplane.domain.errors import Invalid
from controlplane.domain.model import ModelFacts
from controlplane.service.accounts import Accounts
from controlplane.service.passes import TEST_SECONDS, Passes
from controlplane.service.ports import Clock

PROMPT = "Say hello in one short sentence."
MOST_TOKENS = 200  # of the answer, with what some models think before it
MOST = 4  # tests at a time: each holds a place at an account
UNREACHABLE = "gateway_unreachable"
CUT = "answer_cut"
CROWDED = "too_many_tests"


@dataclass(frozen=True, slots=True)
class Answered:
    """The data plane answers, for better or worse."""

    status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A piece of the answer, or of what the model thinks before it."""

    text: str
    reasoning: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer, or not all of it. `code` is for programs, `message` for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The whole answer was there."""


Heard: TypeAlias = Answered | Said | Refused | Complete


class GatewayAway(Exception):
    """The data plane cannot be reached; the message says where it was looked for."""


class Gateway(Protocol):
    """Our own data plane, as its clients see it."""

    def ask(self, credential: str, model: str, prompt: str, max_tokens: int) -> AsyncGenerator[Heard, None]:
        """What is answered, as it comes: Answered, then any number of Said, then Refused or Complete; nothing of these
        where it breaks off. To be closed by who stops listening, which cancels the request. Raises GatewayAway.
        """
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """The data plane has taken the request for `model`."""

    model: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Done:
    """The account works. `first_event_ms`: from the beginning to the first piece, None: there was none."""

    request_id: str
    status: int
    duration_ms: int
    first_event_ms: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not, or nobody could be asked: then there is neither id nor status."""

    request_id: str | None
    status: int | None
    code: str
    message: str


Told: TypeAlias = Started | Said | Done | Failed


@dataclass(frozen=True, slots=True)
class Trial:
    """A test that is to be made: of this account, with this model."""

    account: AccountView
    model: str


class Trials:
    """Makes tests."""

    def __init__(self, accounts: Accounts, passes: Passes, gateway: Gateway, clock: Clock) -> None:
        self._accounts = accounts
        self._passes = passes
        self._gateway = gateway
        self._clock = clock
        self._running = 0

    @property
    def room(self) -> bool:
        """Whether another test may run."""
        return self._running < MOST

    def trial(self, account_id: str, model: str = "") -> Trial:
        """With the model, or the cheapest that the account offers. Raises Absent, and Invalid where it offers none."""
        view = self._accounts.get(account_id)
        chosen = model or cheapest(view.models)
        if not chosen:
            raise Invalid("the account offers no model as far as is known; name one", "model")
        return Trial(view, chosen)

    async def run(self, trial: Trial, holder: str) -> AsyncGenerator[Told, None]:
        """What happens, as it happens; Done or Failed is the last of it. `holder`: id of the user or token that tests."""
        if not self.room:  # several were let in at the same moment
            yield Failed(None, None, CROWDED, f"{MOST} tests are running; wait for one to end")
            return
        self._running += 1
        try:
            async with aclosing(self._made(trial, holder)) as told:
                async for one in told:
                    yield one
        finally:
            self._running -= 1

    async def _made(self, trial: Trial, holder: str) -> AsyncGenerator[Told, None]:
        began, first, status, request_id = self._clock.now(), None, None, None
        texts: list[str] = []
        credential = self._passes.issue(holder, TEST_SECONDS, trial.account.account.id).text
        try:
            async with aclosing(self._gateway.ask(credential, _written(trial), PROMPT, MOST_TOKENS)) as answer:
                async for heard in answer:
                    if isinstance(heard, Answered):
                        status, request_id = heard.status, heard.request_id
                        yield Started(trial.model, request_id)
                    elif isinstance(heard, Said):
                        first = self._since(began) if first is None else first
                        if not heard.reasoning:
                            texts.append(heard.text)
                        yield heard
                    elif isinstance(heard, Refused):
                        yield Failed(request_id, status, heard.code, heard.message)
                        return
                    else:
                        yield Done(request_id or "", status or 0, self._since(began), first, "".join(texts))
                        return
        except GatewayAway as error:
            yield Failed(request_id, status, UNREACHABLE, str(error))
        else:
            yield Failed(request_id, status, CUT, "the data plane ended its answer before it was complete")

    def _since(self, began: float) -> int:
        return max(0, int((self._clock.now() - began) * 1000))


def cheapest(models: Sequence[ModelFacts]) -> str:
    """Of the models with the lowest known rate the first; without any rates the first; empty: there is none."""
    priced = sorted((model for model in models if model.rate > 0), key=lambda model: model.rate)
    return (priced or [*models, ModelFacts("")])[0].id


def _written(trial: Trial) -> str:
    """The model as the data plane is asked for it: limited to the account, so that no route leads elsewhere."""
    offered = any(model.id == trial.model for model in trial.account.models)
    return f"{trial.account.account.label}/{trial.model}" if offered else trial.model
