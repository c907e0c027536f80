"""Whatever type stands anywhere in a body, the checker judges it and never breaks."""

import copy
import json

import pytest

from tests.simulators.kiro.test_validator import OWN, body, fields, image, loop, said, terms, thought, tool, user
from tests.simulators.kiro.validator import check

STRANGERS = (None, 1, "", [], {}, [None], {"a": None}, [[]], [{"json": 1}])
BODIES = {
    "loop": loop(),
    "images": body(user(), said(), user("look", images=[image()], tools=[tool()])),
    "reasoning": thought(OWN),
    "fields": fields("claude-opus-4.6", thinking={"type": "adaptive"}, output_config={"effort": "low"}, max_tokens=2000),
    "schema": body(user(tools=[tool(schema={"type": "object", "properties": {"a": {"anyOf": [{"minimum": 1}]}}, "required": ["a"]})])),
}


def places(value, here=()):
    """The path of every member and item."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield (*here, key)
        yield from places(member, (*here, key))


def damaged(value, place, stranger):
    changed = copy.deepcopy(value)
    holder = changed
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = stranger
    return json.dumps(changed).encode()


@pytest.mark.parametrize("profile", ["runtime", "legacy"])
@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_type_anywhere_is_judged(name, profile):
    verdicts = [check(damaged(BODIES[name], place, stranger), terms(profile)) for place in places(BODIES[name]) for stranger in STRANGERS]
    assert all(verdict is None or verdict.status == 400 for verdict in verdicts)
    assert sum(verdict is not None for verdict in verdicts) > len(verdicts) / 2
