"""Halves of surrogate pairs, which are legal in Python and JavaScript strings but not in UTF-8 (E12).

They come from programs that cut text in the middle of an emoji. Kiro answers a body that holds one
with "not valid JSON"; the JSON codec refuses them as well. Everything here is the slow road, taken
only after the codec has refused.
"""

import json
import math
from typing import Any, NoReturn

from dataplane.upstreams.kiro.asking.depth import bounded
from dataplane.wire import jsontext


def mend(value: Any) -> Any:
    """`value` with each lone half replaced by U+FFFD and separated halves joined, at every depth."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case dict():
            return {mend(key): mend(inner) for key, inner in value.items()}
        case list():
            return [mend(inner) for inner in value]
    return value


def reread(text: str | bytes) -> bytes:
    """JSON text that the codec refused, made acceptable.

    Raises ValueError or RecursionError when it is no JSON, is nested too deeply, or has a number
    that Python reads and the codec would write as null.
    """
    return jsontext.dumps(mend(bounded(json.loads(text, parse_constant=_refuse, parse_float=_finite), len(text))))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError("a number is out of range")
    return number
