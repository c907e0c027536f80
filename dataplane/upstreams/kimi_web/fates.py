"""What each refusal of the site deserves, as tables: who is to blame, what may be tried, what the client is told.

The site is asked too often before all else; then what WordPress and the chat's own script say; then pages that
stand in front of them; the status last. Source: Kimi wire notes, section 1, reactions.
"""

from collections.abc import Mapping

from dataplane import errors
from dataplane.errors import Cause, GatewayError, Retry
from dataplane.upstreams.kimi_web.answer import Form, Said
from dataplane.upstreams.kimi_web.prompt import most_characters
from dataplane.upstreams.refusals import Fate, Scene, busy, failed, not_found, overloaded, rejected, timeout, too_long
from headgate.tokens import ASCII_PER_TOKEN


def classify(status: int, said: Said) -> Fate:
    """`said` is no answer; KeyError for a form without a row."""
    if status == 429:
        return THROTTLED
    text = said.text.lower()
    for forms, phrase, fate in _PHRASES:
        if said.form in forms and phrase in text and status < 500:
            return fate
    if said.form in _WHATEVER_STATUS:
        return _WHATEVER_STATUS[said.form]
    if status == 403 and said.form is Form.NOTHING:
        return NONCE
    if status == 200:
        return _FORMS[said.form]
    return _STATUSES.get(status) or _CLASSES.get(status // 100, CORRUPT)


def _refuses(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream refuses to serve the gateway.")


def _nonsense(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream's answer is not in its own format.")


def _empty(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream's answer was empty.")


def _broken(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream's answer broke off.")


def _unreachable(_: Scene) -> GatewayError:
    return errors.BadUpstream("The upstream cannot be reached.")


def _too_long(scene: Scene) -> GatewayError:
    return too_long(scene, window=scene.lease.context_window or round(most_characters(scene.lease) / ASCII_PER_TOKEN))


NONCE = Fate(Cause.CREDENTIAL_REJECTED, Retry.RENEWED, _refuses)
THROTTLED = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=10)
UNKNOWN_MODEL = Fate(Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, not_found)
CORRUPT = Fate(Cause.CORRUPT, Retry.OTHER_ACCOUNT, _nonsense)
EMPTY = Fate(Cause.EMPTY, Retry.SAME_ACCOUNT, _empty)
CUT = Fate(Cause.CUT, Retry.SAME_ACCOUNT, _broken)
_FORBIDDEN = Fate(Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, _refuses)
_TOO_LONG = Fate(Cause.TOO_LONG, Retry.NONE, _too_long)
_OVERLOADED = Fate(Cause.OVERLOADED, Retry.OTHER_ACCOUNT, overloaded, wait=10)
_FAILURE = Fate(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, failed)
_MOVED = Fate(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, _nonsense)
_UNAVAILABLE = Fate(Cause.UNAVAILABLE, Retry.SAME_ACCOUNT, failed)
_TIMEOUT = Fate(Cause.TIMEOUT, Retry.SAME_ACCOUNT, timeout)
_REJECTED = Fate(Cause.BAD_REQUEST, Retry.NONE, rejected)

# A request that found no answer, by what the transport calls it; other causes stay as they are.
UNANSWERED: Mapping[Cause, Fate] = {
    Cause.UNREACHABLE: Fate(Cause.UNREACHABLE, Retry.SAME_ACCOUNT, _unreachable),
}

_WORDED = frozenset({Form.FAILURE, Form.NONSENSE})
_PAGES = frozenset({Form.PAGE})

# Wordings in lower case, by the forms that they were met in; the first that fits decides.
_PHRASES: tuple[tuple[frozenset[Form], str, Fate], ...] = (
    (_WORDED, "nonce", NONCE),
    (_WORDED, "security check", NONCE),
    (_WORDED, "session expired", NONCE),
    (_WORDED | _PAGES, "link you followed has expired", NONCE),
    (_WORDED, "too many", THROTTLED),
    (_WORDED, "rate limit", THROTTLED),
    (_WORDED, "slow down", THROTTLED),
    (_WORDED, "limit reached", THROTTLED),
    (_WORDED, "quota", THROTTLED),
    (_WORDED, "too long", _TOO_LONG),
    (_WORDED, "too large", _TOO_LONG),
    (_WORDED, "maximum length", _TOO_LONG),
    (_WORDED, "context length", _TOO_LONG),
    (_WORDED, "character limit", _TOO_LONG),
    (_WORDED, "invalid model", UNKNOWN_MODEL),
    (_WORDED, "unknown model", UNKNOWN_MODEL),
    (_WORDED, "unsupported model", UNKNOWN_MODEL),
    (_WORDED, "model not", UNKNOWN_MODEL),
    (_WORDED, "model is not", UNKNOWN_MODEL),
    (_WORDED, "model does not", UNKNOWN_MODEL),
    (_WORDED, "timed out", _TIMEOUT),
    (_WORDED, "timeout", _TIMEOUT),
    (_WORDED, "overloaded", _OVERLOADED),
    (_WORDED, "busy", _OVERLOADED),
    (_WORDED, "high demand", _OVERLOADED),
    (_WORDED, "temporarily unavailable", _OVERLOADED),
)

# What these mean does not depend on the status they came with.
_WHATEVER_STATUS: Mapping[Form, Fate] = {Form.DENIED: NONCE, Form.CHALLENGE: _FORBIDDEN}

# With status 200.
_FORMS: Mapping[Form, Fate] = {
    Form.FAILURE: _FAILURE,
    Form.PAGE: CORRUPT,
    Form.NOTHING: EMPTY,
    Form.NONSENSE: CORRUPT,
}

# The others by their first digit: elsewhere, the body's fault, no explanation; any other is no status of an answer.
_CLASSES: Mapping[int, Fate] = {3: _MOVED, 4: _REJECTED, 5: _UNAVAILABLE}

# Statuses by themselves.
_STATUSES: Mapping[int, Fate] = {
    401: _FORBIDDEN,
    403: _FORBIDDEN,
    404: _MOVED,
    405: _MOVED,
    408: _TIMEOUT,
    413: _TOO_LONG,
    414: _TOO_LONG,
    451: _FORBIDDEN,
    504: _TIMEOUT,
    522: _TIMEOUT,
    524: _TIMEOUT,
}
