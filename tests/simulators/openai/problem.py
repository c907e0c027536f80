"""What a check of the validator finds."""

from typing import NamedTuple


class Problem(NamedTuple):
    """`param` is the member at fault; `kind` the error's type."""

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400
    kind: str = "invalid_request_error"


def wrong_type(param: str, expected: str, value: object) -> Problem:
    return Problem(f"Invalid type for '{param}': expected {expected}, but got {named(value)} instead.", param, "invalid_type")


def wrong_value(param: str, value: object, allowed: tuple[str, ...]) -> Problem:
    listed = ", ".join(f"'{each}'" for each in allowed)
    return Problem(f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value")


def missing(param: str) -> Problem:
    return Problem(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def unknown(param: str) -> Problem:
    return Problem(f"Unknown parameter: '{param}'.", param, "unknown_parameter")


def named(value: object) -> str:
    """A JSON kind with its article."""
    return KINDS[type(value)]


KINDS: dict[type, str] = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}
