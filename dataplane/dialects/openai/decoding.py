"""What may be wrong with the bytes of a body, told as a refusal that names the field."""

from collections.abc import Callable
from typing import TypeVar

from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext
from dataplane.wire.pruning import join

T = TypeVar("T")

MISSING_MEMBER = "Object missing required field `"
# What is repeated of a client's own words in an error about them.
QUOTED_CHARACTERS = 300


def guarded(read: Callable[[bytes], T], data: bytes, form: str) -> T:
    """What `read` makes of `data`, or InvalidRequest; `form` says what the body should be."""
    try:
        if not data.isascii():
            data.decode()
        return mended(read, data)
    except UnicodeDecodeError:
        raise InvalidRequest("The body is not valid UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The body is nested too deeply.") from None
    except jsontext.ValidationError as error:
        raise misfit(error, form) from None
    except jsontext.DecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from None


def mended(read: Callable[[bytes], T], data: bytes) -> T:
    """`read`, once more without halves of surrogate pairs where there are any."""
    try:
        return read(data)
    except jsontext.ValidationError:
        raise
    except jsontext.DecodeError:
        whole = jsontext.mend(data)
        if whole == data:
            raise
        return read(whole)


def misfit(error: jsontext.ValidationError, form: str) -> InvalidRequest:
    """A member that is missing or of the wrong type, named by its path."""
    reason, place = jsontext.path(error)
    if reason.startswith(MISSING_MEMBER):
        place = join(place, reason[len(MISSING_MEMBER) :].rstrip("`"))
        reason = "it is required"
    reason = reason[:QUOTED_CHARACTERS]
    if not place:
        return InvalidRequest(f"The body must be a JSON object in the {form} format: {reason}.")
    return InvalidRequest(f"Invalid value for '{place}': {reason}.", param=place)
