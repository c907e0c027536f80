from dataclasses import replace

import pytest

from controlplane.domain.errors import Duplicate, Invalid
from controlplane.domain.lease import Reason
from controlplane.domain.route import Match, Route, Target
from controlplane.policy import wellknown
from controlplane.service.routes import FIRST, check
from tests.controlplane.fakes import HAIKU, SONNET, ask

GOOD = Route("best", Match.EXACT, (Target("kiro", "claude-opus-5.5"), Target("anthropic", "")))


def route(**given):
    return replace(GOOD, **given)


def target(**given):
    return route(targets=(replace(GOOD.targets[0], **given),))


async def test_the_first_start_brings_routes_once(world):
    await world.restart()
    assert world.routes.list() == tuple(FIRST)
    await world.routes.replace([GOOD])
    await world.restart()
    assert world.routes.list() == (GOOD,)
    await world.routes.replace([])
    await world.restart()
    assert world.routes.list() == ()


async def test_what_an_administrator_stored_before_is_not_overwritten(world):
    own = Route("gpt-5", Match.EXACT, (Target("kiro", "auto"),))
    await world.route_store.replace([own])
    await world.restart()
    assert own in world.routes.list()
    assert len(world.routes.list()) == len(FIRST)


async def test_the_first_routes_are_good_and_lead_somewhere(world):
    check(FIRST, world.roster, ())
    known = {model.id for model in wellknown.MODELS["kiro"]}
    for one in FIRST:
        literal = [target for target in one.targets if target.model]
        assert [target.kind for target in literal] == ["kiro"]
        assert literal[0].model in known
        assert one.name not in known, "it needs no route"


async def test_routes_hold_from_the_next_request_on(world):
    await world.account("one")
    assert world.catalogue.meanings.resolve("best") is None
    before, after = await world.routes.replace([GOOD])
    assert (before, after) == ((), [GOOD])
    assert world.catalogue.meanings.resolve("best").route == "best"


async def test_what_cannot_be_stored_does_not_hold(world, monkeypatch):
    async def down(routes):
        raise OSError("the database is away")

    monkeypatch.setattr(world.route_store, "replace", down)
    with pytest.raises(OSError, match="away"):
        await world.routes.replace([GOOD])
    assert world.routes.list() == ()
    assert world.catalogue.meanings.resolve("best") is None


@pytest.mark.parametrize(
    ("routes", "field"),
    [
        ([GOOD, route(name="")], "routes[1].name"),
        ([route(name="a\nb")], "routes[0].name"),
        ([route(name=" a")], "routes[0].name"),
        ([route(name="x" * 129)], "routes[0].name"),
        ([route(name="kiro/best")], "routes[0].name"),
        ([route(name="OpenAI/", match=Match.PREFIX)], "routes[0].name"),
        ([GOOD, route(match=Match.PREFIX), GOOD], "routes[2].name"),
        ([route(targets=())], "routes[0].targets"),
        ([route(targets=GOOD.targets * 11)], "routes[0].targets"),
        ([target(kind="")], "routes[0].targets[0].kind"),
        ([target(kind="Kiro")], "routes[0].targets[0].kind"),
        ([target(model="x" * 129)], "routes[0].targets[0].model"),
        ([target(model="a\tb")], "routes[0].targets[0].model"),
        ([target(account_ids=("acc_none",))], "routes[0].targets[0].accountIds"),
        ([target(account_ids=("x",) * 101)], "routes[0].targets[0].accountIds"),
        ([route(name=str(number)) for number in range(501)], "routes"),
    ],
)
async def test_what_is_wrong_is_named(world, routes, field):
    with pytest.raises(Invalid) as caught:
        await world.routes.replace(routes)
    assert caught.value.field == field
    assert caught.value.message.startswith(field)
    assert world.route_store.stored == []


async def test_accounts_of_a_target_are_of_its_kind(world):
    made = await world.account("one")
    await world.routes.replace([target(account_ids=(made,))])
    with pytest.raises(Invalid, match="another kind"):
        await world.routes.replace([target(kind="openai", account_ids=(made,))])


async def test_an_account_that_is_removed_leaves_the_routes(world):
    one, two = await world.account("one"), await world.account("two")
    only, both, everybody = (replace(GOOD.targets[0], account_ids=ids) for ids in ((one,), (one, two), ()))
    kept = route(name="kept", targets=(only,))
    routes = [route(targets=(only, both, everybody)), route(name="gone", match=Match.PREFIX, targets=(only,)), kept, route(name="other")]
    await world.routes.replace(routes)
    await world.accounts.remove(one)
    before, after = await world.routes.forget(one)
    assert before == tuple(routes)
    assert after == (route(targets=(replace(both, account_ids=(two,)), everybody)), kept, route(name="other"))
    assert world.routes.list() == after == tuple(world.route_store.stored)
    assert world.catalogue.meanings.resolve("gone-for-good") is None
    await world.routes.replace(routes[2:])
    assert (await world.routes.forget(one))[1] == tuple(routes[2:]), "an exact name is nobody else's, so it stays"


async def test_an_account_that_no_route_names_changes_none(world, monkeypatch):
    monkeypatch.setattr(world.route_store, "replace", None)
    before, after = await world.routes.forget("acc_none")
    assert before == after == ()


async def test_after_a_start_no_route_names_an_account_that_is_not_there(world):
    one, two = await world.account("one"), await world.account("two")
    await world.restart()
    await world.routes.replace(
        [
            target(account_ids=(one, two)),
            route(name="gone", match=Match.PREFIX, targets=(replace(GOOD.targets[0], account_ids=(one,)),)),
        ]
    )
    await world.accounts.remove(one)
    await world.restart()
    assert world.routes.list() == (target(account_ids=(two,)),)


async def test_an_exact_route_keeps_its_name_when_its_last_account_is_removed(world):
    """Else the name would mean the model again, and others would serve what they were never asked for."""
    one, two = await world.account("one"), await world.account("two")
    mine = route(name=SONNET.id, targets=(Target("kiro", HAIKU.id, (one,)), Target("kiro", SONNET.id, (two,))))
    await world.routes.replace([mine])
    for account in (one, two):
        await world.accounts.remove(account)
        await world.routes.forget(account)
    (left,) = world.routes.list()
    assert left == replace(mine, targets=mine.targets[1:])
    await world.account("three")
    assert (await world.acquired(ask(SONNET.id))).reason is Reason.NO_ACCOUNT
    await world.routes.replace([left, GOOD])
    with pytest.raises(Invalid, match="not there"):
        await world.routes.replace([replace(left, targets=(Target("kiro", SONNET.id, (one,)),))])


@pytest.mark.parametrize("match", Match)
async def test_a_route_takes_no_names_of_an_accounts_label(world, match):
    await world.account("Team")
    with pytest.raises(Invalid, match="label") as caught:
        await world.routes.replace([GOOD, route(name="team/best", match=match)])
    assert caught.value.field == "routes[1].name"
    await world.routes.replace([route(name="team")])


@pytest.mark.parametrize("name", ["team/", "Team/best"])
async def test_a_new_label_takes_no_names_of_a_route(world, name):
    one = await world.account("one")
    await world.routes.replace([route(name=name, match=Match.PREFIX)])
    with pytest.raises(Duplicate) as caught:
        await world.account("team")
    assert caught.value.field == "label"
    with pytest.raises(Duplicate):
        await world.accounts.update(one, {"label": "TEAM"})
    assert [view.account.label for view in world.accounts.list()] == ["one"]


async def test_a_label_and_a_route_that_stood_side_by_side_before_may_stay(world):
    one = await world.account("team")
    both = [route(name="team/", match=Match.PREFIX)]
    await world.route_store.replace(both)
    await world.restart()
    assert (await world.routes.replace(world.routes.list()))[1] == world.routes.list() == (*both, *FIRST)
    _, seen = await world.accounts.update(one, {"label": "Team", "priority": 3})
    assert seen.account.priority == 3


async def test_names_that_are_nearly_pins_are_names(world):
    await world.routes.replace([route(name="kiro"), route(name="kiro-best"), route(name="team/best")])
    assert len(world.routes.list()) == 3
