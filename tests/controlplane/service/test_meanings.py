"""What was looked up is remembered for as long as it holds."""

from controlplane.domain.route import Match, Route, Target
from controlplane.policy import routing
from controlplane.service import meanings as module
from controlplane.service.meanings import Meanings

IDS = {"kiro": ["auto", "claude-sonnet-4.5", "claude-sonnet-4", "claude-opus-4.5", "claude-haiku-4.5"]}
BEST = Route("best", Match.EXACT, (Target("kiro", "auto"),))


def made(routes=(), offers=None):
    return routing.table(IDS, {"one": ("kiro", "acc_1")}, routes, offers or {})


def test_what_was_looked_up_is_forgotten_with_another_table_only():
    names = Meanings()
    assert names.resolve("auto") is None
    names.use(made())
    found, allowed = names.resolve("auto"), names.permitted(("one/*",), "auto")
    assert allowed.targets == (Target("kiro", "auto", ("acc_1",)),)
    names.use(made())
    assert names.resolve("auto") is found
    assert names.permitted(("one/*",), "auto") is allowed
    assert names.permitted(("one/*", "kiro/*"), "auto").targets == found.targets
    names.use(made([BEST], {"kiro": [(1, frozenset({"auto"}))]}))
    assert names.resolve("auto") is not found
    assert names.resolve("best").route == "best"
    assert names.close("bast", lambda _: True)[0] == "best"
    names.use(made())
    assert "best" not in names.close("bast", lambda _: True)


def test_three_names_are_suggested_of_those_that_are_usable():
    names = Meanings()
    names.use(made())
    every = names.close("claude-sonnet-9", lambda _: True)
    assert len(every) == 3
    left = names.close("claude-sonnet-9", lambda name: name != every[0])
    assert left[:2] == every[1:]
    assert every[0] not in left
    assert names.close("claude-sonnet-9", lambda _: False) == ()


def test_many_invented_names_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 10)
    names = Meanings()
    names.use(made())
    for number in range(100):
        names.resolve(f"invented-{number}")
        names.permitted((f"invented-{number}",), "auto")
    names.resolve("x" * 100_000)
    assert len(names._resolved) <= 10
    assert len(names._permitted) <= 10
    assert "x" * 100_000 not in names._resolved
