from dataclasses import replace

import pytest

from controlplane.adapters.db.routes import DatabaseRoutes
from controlplane.domain.route import Match, Route, Target

ONE = Route("best", Match.EXACT, (Target("kiro", "claude-opus-5.5", ("acc_1", "acc_2")), Target("anthropic", "")))
TWO = Route("gpt-", Match.PREFIX, (Target("openai", "*"),))


@pytest.fixture
def routes(engine):
    return DatabaseRoutes(engine)


async def test_the_list_is_replaced_and_keeps_its_order(routes):
    assert await routes.load() == []
    await routes.replace([TWO, ONE])
    assert await routes.load() == [TWO, ONE]
    other = replace(ONE, match=Match.PREFIX)
    await routes.replace([ONE, other])
    assert await routes.load() == [ONE, other]
    await routes.replace([])
    assert await routes.load() == []


async def test_seeds_leave_alone_what_is_there(routes):
    await routes.replace([ONE])
    seed = replace(ONE, targets=(Target("openai", "x"),))
    await routes.seed([seed, TWO])
    await routes.seed([seed, TWO])
    assert sorted(await routes.load(), key=lambda route: route.name) == [ONE, TWO]
