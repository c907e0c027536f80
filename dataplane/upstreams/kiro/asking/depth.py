"""How deeply JSON may be nested. Deeper is no honest structure, and codecs and services fail on it, each at a depth of its own."""

from typing import Any, TypeVar

T = TypeVar("T")

# Arrays and objects within each other. Python and the codec give up near 900, less with every frame below them.
MAX_DEPTH = 200


class TooDeep(ValueError):
    """JSON with more than MAX_DEPTH arrays and objects within each other."""


def bounded(value: T, length: int) -> T:
    """`value`, which was read from `length` characters of JSON. Raises TooDeep."""
    # Each level takes two characters at the least, and most values are short.
    if length > 2 * MAX_DEPTH and _is_deep(value):
        raise TooDeep
    return value


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True
