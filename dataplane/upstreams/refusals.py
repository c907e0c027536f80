"""What upstreams have in common in refusing: what a refusal leads to, and how a client is told.

Which refusal deserves what is each upstream's own table (`fates.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dataplane import errors
from dataplane.conversation.model import Call
from dataplane.errors import Cause, GatewayError, Kind, Retry, UpstreamFault
from dataplane.upstreams.base import Lease

# The window of a model that the catalogue gives none for.
USUAL_WINDOW = 200_000
# The upstream's own words go to the request log, up to this length.
DETAIL_CHARACTERS = 500
# How many paths of what is lost are told.
TOLD = 10


@dataclass(slots=True)
class Scene:
    """What the client's error is made of; `wait` in seconds, 0 where waiting does not help. `said`: the upstream's
    reason or words, as its own table wants them.
    """

    call: Call
    lease: Lease
    wait: int
    said: str = ""


@dataclass(slots=True, frozen=True)
class Fate:
    """What a refusal leads to.

    `wait` is what the client is asked to wait when the upstream names no time, `park` how long the account
    should rest in that case, where the refusal's kind says so; `least` is how long it should rest
    even when the upstream names a shorter time.
    """

    cause: Cause
    retry: Retry
    error: Callable[[Scene], GatewayError]
    wait: int = 0
    park: int | None = None
    least: int = 0


def heed_strict(lease: Lease, lost: Sequence[str]) -> None:
    """Raises InvalidRequest where the key is strict and something of the client's body is lost, by JSON paths."""
    if lease.strict and lost:
        told = f"the key is strict, and what serves this model has no place for {','.join(lost[:TOLD])}"
        raise errors.InvalidRequest(told, param=lost[0])


def bad_upstream(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream did not accept the gateway's request.")


def failed(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream failed without an explanation.")


def timeout(_: Scene) -> GatewayError:
    return errors.UpstreamTimeout("The upstream did not answer in time.")


def busy(scene: Scene) -> GatewayError:
    return errors.Limited("All suitable accounts are busy.", kind=Kind.ACCOUNTS_BUSY, retry_after=scene.wait)


def exhausted(scene: Scene) -> GatewayError:
    message = "The allowance of all suitable accounts is used up."
    return errors.Limited(message, kind=Kind.ACCOUNTS_EXHAUSTED, retry_after=scene.wait)


def no_account(scene: Scene) -> GatewayError:
    return errors.Unavailable("No account can serve this request.", retry_after=scene.wait)


def overloaded(scene: Scene) -> GatewayError:
    return errors.Overloaded("The upstream is overloaded.", retry_after=scene.wait)


def not_found(scene: Scene) -> GatewayError:
    return errors.NotFound(f"The upstream does not offer the model {scene.call.model!r}.", param="model")


def rejected(_: Scene) -> GatewayError:
    return errors.UpstreamRejected("The upstream calls the request invalid.")


def too_long(scene: Scene, prompt: int = 0, window: int = 0) -> GatewayError:
    """With the upstream's own figures where it told any, in tokens."""
    window = window or scene.lease.context_window or USUAL_WINDOW
    # Our estimate may be below the window although the upstream counted more than fits.
    return errors.ContextTooLong(max(prompt or scene.call.input_estimate, window + 1), window)


def corrupt(detail: str, status: int = 200) -> UpstreamFault:
    error = errors.BadUpstream("The upstream's answer is not in its own format.")
    return UpstreamFault(Cause.CORRUPT, Retry.OTHER_ACCOUNT, error, status=status, detail=detail[:DETAIL_CHARACTERS])


def cut(detail: str) -> UpstreamFault:
    error = errors.BadUpstream("The upstream's answer broke off.")
    return UpstreamFault(Cause.CUT, Retry.SAME_ACCOUNT, error, status=200, detail=detail)


def empty() -> UpstreamFault:
    error = errors.BadUpstream("The upstream's answer was empty.")
    return UpstreamFault(Cause.EMPTY, Retry.SAME_ACCOUNT, error, status=200)
