import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.kinds import KINDS
from controlplane.domain.route import Match, Route, Target
from controlplane.policy import naming, wellknown
from controlplane.policy.exclusions import Exclusion, Rule
from controlplane.policy.naming import LONGEST, aliases
from controlplane.policy.routing import Named, hope, permitted, resolve, spoken, table, turns
from controlplane.policy.scheduling import Lack, NoCapacity

KIRO = tuple(model.id for model in wellknown.MODELS["kiro"])
# As the vendor's API lists them, by November 2026 and before.
ANTHROPIC = (
    "claude-opus-5-5",
    "claude-opus-5",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-opus-4-5-20251101",
    "claude-opus-4-1-20250805",
    "claude-opus-4-20250514",
    "claude-sonnet-5-5",
    "claude-sonnet-5",
    "claude-sonnet-4-6",
    "claude-sonnet-4-5-20250929",
    "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-20250219",
    "claude-3-5-sonnet-20241022",
    "claude-3-5-sonnet-20240620",
    "claude-haiku-5-5",
    "claude-haiku-4-5-20251001",
    "claude-3-5-haiku-20241022",
    "claude-3-haiku-20240307",
    "claude-3-opus-20240229",
)
OPENAI = ("gpt-6.1-sol", "gpt-5.6-sol", "gpt-5.5", "gpt-4.1", "o3", "claude-sonnet-4.5", "anthropic/claude-sonnet-4.5")
IDS = {"openai": OPENAI, "anthropic": ANTHROPIC, "kiro": KIRO}
LABELS = {"Work": ("kiro", "acc_1"), "team": ("anthropic", "acc_2")}
ROUTES = (
    Route("fast", Match.EXACT, (Target("kiro", "claude-haiku-4-5", ("acc_1", "acc_3")), Target("openai", "gpt-5.5"))),
    Route("gpt-5.5", Match.EXACT, (Target("openai", ""), Target("kiro", "gpt-5.6-terra"))),
    Route("gone", Match.EXACT, (Target("kiro", "claude-1"), Target("kimi-web", "kimi"))),
    Route("gpt-", Match.PREFIX, (Target("kiro", "gpt-5.6-luna"),)),
    Route("gpt-7", Match.PREFIX, (Target("openai", "*"), Target("kiro", "gpt-5.6-sol"))),
    Route("to/", Match.PREFIX, (Target("anthropic", "claude-*"), Target("kiro", "claude-*"), Target("openai", "*"))),
    Route("dead-", Match.PREFIX, (Target("kiro", ""),)),
)
TABLE = table(IDS, LABELS, ROUTES)
PLAIN = table(IDS, {}, ())


def kiro(model, *accounts):
    return Target("kiro", model, accounts)


def anthropic(model, *accounts):
    return Target("anthropic", model, accounts)


def openai(model):
    return Target("openai", model)


POOLED = {
    "claude-sonnet-4.5": (kiro("claude-sonnet-4.5"), openai("claude-sonnet-4.5"), anthropic("claude-sonnet-4-5-20250929")),
    "claude-sonnet-4-5-20250929": (kiro("claude-sonnet-4.5"), anthropic("claude-sonnet-4-5-20250929")),
    "claude-4.5-haiku-thinking": (kiro("claude-haiku-4.5"), anthropic("claude-haiku-4-5-20251001")),
    "claude-opus-5-5": (kiro("claude-opus-5.5"), anthropic("claude-opus-5-5")),
    "claude-opus-5-5[1m]": (kiro("claude-opus-5.5"), anthropic("claude-opus-5-5")),
    "claude-opus-4-1": (anthropic("claude-opus-4-1-20250805"),),
    "claude-3-5-sonnet-latest": (anthropic("claude-3-5-sonnet-20241022"),),
    "gpt-5.6-sol": (kiro("gpt-5.6-sol"), openai("gpt-5.6-sol")),
    "gpt-5-6-sol": (kiro("gpt-5.6-sol"),),
    "gpt-4.1": (openai("gpt-4.1"),),
    "auto": (kiro("auto"),),
}


@pytest.mark.parametrize(("written", "targets"), POOLED.items())
def test_a_bare_name_pools_all_kinds_that_have_the_model(written, targets):
    assert resolve(written, PLAIN) == Named(targets)
    assert resolve(written, TABLE) == Named(targets)


@pytest.mark.parametrize(
    "written", ["gpt-4-1", "GPT-5.5-TURBO", "claude-sonnet-4-5-20260101x", "claude-opus-9", "", "x" * 10_000, "o3-mini"]
)
def test_unknown_names(written):
    assert resolve(written, PLAIN) is None


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("kiro/claude-sonnet-4-5", Named((kiro("claude-sonnet-4.5"),), kind="kiro")),
        ("KIRO/auto", Named((kiro("auto"),), kind="kiro")),
        ("anthropic/claude-sonnet-4-5", Named((anthropic("claude-sonnet-4-5-20250929"),), kind="anthropic")),
        ("openai/gpt-4.1", Named((openai("gpt-4.1"),), kind="openai")),
        ("work/claude-haiku-4.5", Named((kiro("claude-haiku-4.5", "acc_1"),), kind="kiro", account_id="acc_1")),
        ("TEAM/claude-opus-5.5", Named((anthropic("claude-opus-5-5", "acc_2"),), kind="anthropic", account_id="acc_2")),
        ("openai/gpt-4-1", None),
        ("anthropic/auto", None),
        ("kimi-web/auto", None),
        ("kiro/kiro/auto", None),
        ("home/auto", None),
        ("kiro/", None),
    ],
)
def test_prefixes_pin(written, named):
    assert resolve(written, TABLE) == named


def test_a_pin_reaches_routes_as_far_as_they_lead_there():
    assert resolve("kiro/fast", TABLE) == Named((kiro("claude-haiku-4.5", "acc_1", "acc_3"),), "fast", "kiro")
    assert resolve("work/fast", TABLE) == Named((kiro("claude-haiku-4.5", "acc_1"),), "fast", "kiro", "acc_1")
    assert resolve("openai/fast", TABLE) == Named((openai("gpt-5.5"),), "fast", "openai")
    assert resolve("team/fast", TABLE) is None
    assert resolve("kiro/gpt-5.5", TABLE) == Named((kiro("gpt-5.6-terra"),), "gpt-5.5", "kiro")
    assert resolve("kiro/to/opus-5", TABLE) == Named((kiro("claude-opus-5"),), "to/", "kiro")


def test_a_pin_is_never_lost_but_to_an_id_that_is_the_name():
    without = table({**IDS, "anthropic": ("claude-opus-5-5",)}, {}, ())
    assert resolve("anthropic/claude-sonnet-4.5", without) == Named((openai("anthropic/claude-sonnet-4.5"),))
    assert resolve("anthropic/claude-sonnet-4-5", without) is None
    # without such accounts it is only the vendor, as many clients write it
    vendor = table({"kiro": KIRO}, {}, ())
    assert resolve("anthropic/claude-sonnet-4-5", vendor) == Named((kiro("claude-sonnet-4.5"),))


@pytest.mark.parametrize(
    ("written", "route", "targets"),
    [
        ("fast", "fast", (kiro("claude-haiku-4.5", "acc_1", "acc_3"), openai("gpt-5.5"))),
        ("gpt-5.5", "gpt-5.5", (openai("gpt-5.5"), kiro("gpt-5.6-terra"))),
        ("gpt-5.4", "gpt-", (kiro("gpt-5.6-luna"),)),
        ("gpt-", "gpt-", (kiro("gpt-5.6-luna"),)),
        ("gpt-7.1", "gpt-7", (kiro("gpt-5.6-sol"),)),
        ("to/opus-5-5", "to/", (anthropic("claude-opus-5-5"), kiro("claude-opus-5.5"))),
        ("to/o3", "to/", (openai("o3"),)),
        ("gone", "gone", (kiro("claude-1"), Target("kimi-web", "kimi"))),
    ],
)
def test_routes(written, route, targets):
    assert resolve(written, TABLE) == Named(targets, route)


def test_a_prefix_that_nobody_offers_anything_of_is_none():
    assert resolve("dead-auto", TABLE) is None
    assert resolve("to/nothing", TABLE) is None


def test_a_routes_name_is_taken_to_the_letter():
    assert resolve("Fast", TABLE) is None
    assert resolve("fast ", TABLE) is None


def test_the_longest_prefix_decides_alone():
    routes = (Route("a", Match.PREFIX, (kiro("auto"),)), Route("ab", Match.PREFIX, (kiro("claude-1"),)))
    named = table({"kiro": KIRO}, {}, routes)
    assert resolve("ax", named) == Named((kiro("auto"),), "a")
    assert resolve("abx", named) is None


def test_a_route_goes_before_a_model_and_a_model_before_a_prefix():
    routes = (
        Route("auto", Match.EXACT, (kiro("glm-5"),)),
        Route("claude-", Match.PREFIX, (kiro("glm-5"),)),
    )
    named = table({"kiro": KIRO}, {}, routes)
    assert resolve("auto", named) == Named((kiro("glm-5"),), "auto")
    assert resolve("claude-opus-5.5", named) == Named((kiro("claude-opus-5.5"),))
    assert resolve("claude-opus-5-5", named) == Named((kiro("claude-opus-5.5"),))
    assert resolve("claude-opus-5-5-thinking", named) == Named((kiro("glm-5"),), "claude-")
    assert resolve("kiro/claude-opus-5.5", named) == Named((kiro("claude-opus-5.5"),), kind="kiro")


def identity(model):
    """What a vendor's id says, apart from how: read from the id, not by the rules under test."""
    words = model.lower().replace(".", "-").split("-")
    date = next((word for word in words if len(word) == 8 and word.isdigit()), "")
    return frozenset(word for word in words if not word.isdigit()), tuple(word for word in words if word.isdigit() and word != date), date


def agree(one, other):
    return one[:2] == other[:2] and (not one[2] or not other[2] or one[2] == other[2])


def one_model(named):
    """Whether all targets are one model: what each id says agrees with what each other says."""
    said = [identity(target.model) for target in named.targets]
    return all(agree(one, other) for one in said for other in said)


spelt = st.sampled_from([*KIRO, *ANTHROPIC]).flatmap(
    lambda model: st.builds(
        lambda name, vendor, suffix: vendor + name + suffix,
        st.sampled_from([model, model.upper(), *aliases(model), model.replace("-4-5-", "-4.5-")]),
        st.sampled_from(["", "", "claude-code/", " "]),
        st.sampled_from(["", "", "-latest", "-thinking", "[1m]", "-20250929", "-20240620", "-20990101", "-thinking-latest"]),
    )
)
some = st.lists(st.sampled_from(KIRO), unique=True), st.lists(st.sampled_from(ANTHROPIC), unique=True)


@given(spelt, *some)
def test_no_spelling_joins_different_models(written, kiros, anthropics):
    names = table({"kiro": kiros, "anthropic": anthropics}, {}, ())
    named = resolve(written, names)
    if named is None:
        return
    assert one_model(named)
    meant = identity(
        written.strip().lower().removeprefix("claude-code/").replace("[1m]", "").replace("-thinking", "").replace("-latest", "")
    )
    assert all(agree(meant, identity(target.model)) for target in named.targets)
    assert [target.kind for target in named.targets] == [kind for kind in KINDS if kind in {target.kind for target in named.targets}]


@given(st.sampled_from([*KIRO, *ANTHROPIC]), *some)
def test_an_id_that_is_offered_always_means_itself(model, kiros, anthropics):
    kind, has = ("kiro", kiros) if model in KIRO else ("anthropic", anthropics)
    named = resolve(model, table({"kiro": kiros, "anthropic": anthropics, kind: [*has, model]}, {}, ()))
    assert Target(kind, model) in named.targets
    assert len({target.kind for target in named.targets}) == len(named.targets)


@given(st.text(max_size=2 * LONGEST))
def test_any_text_has_a_meaning_or_none(written):
    named = resolve(written, TABLE)
    assert named is None or named.targets
    assert len(close(written)) <= naming.MOST_CLOSE


def close(written, names=TABLE):
    return naming.close(written, spoken(names))


def test_close_names_are_of_models_and_of_routes():
    assert close("claude-sonet-4.6")[0] in ("claude-sonnet-4.6", "claude-sonnet-4-6")
    assert close("fasd") == ("fast",)
    assert "gpt-4.1" in close("gpt-4.11")


def test_of_very_many_names_some_are_searched(monkeypatch):
    monkeypatch.setattr(naming, "MOST_SPOKEN", 3)
    many = table({"openai": [f"gpt-{number}" for number in range(9)]}, {}, ())
    assert len(spoken(many)) == 3
    assert set(close("gpt-", many)) == {"gpt-0", "gpt-1", "gpt-2"}


@pytest.mark.parametrize(
    ("patterns", "written", "kinds"),
    [
        (("claude-sonnet-4.5",), "claude-sonnet-4.5", "kiro openai anthropic"),
        (("claude-sonnet-4-5-20250929",), "claude-sonnet-4.5", "kiro anthropic"),
        (("claude-sonnet-*",), "claude-sonnet-4-5", "kiro anthropic"),
        (("claude-*-4.5",), "claude-haiku-4.5", "kiro"),
        (("kiro/claude-sonnet-4.5",), "claude-sonnet-4-5", "kiro"),
        (("kiro/claude-*",), "claude-sonnet-4-5", "kiro"),
        (("anthropic/*", "x"), "claude-sonnet-4-5", "anthropic"),
        (("*",), "auto", "kiro"),
        (("gpt*", "auto"), "auto", "kiro"),
        (("work/auto",), "auto", "kiro"),
        (("work/claude-*",), "claude-sonnet-4.5", "kiro"),
        (("team/*",), "claude-sonnet-4.5", "anthropic"),
        (("team/*",), "auto", ""),
        (("nobody/*", "nobody/auto"), "auto", ""),
        (("claude-haiku*",), "claude-sonnet-4.5", ""),
        (("fast",), "fast", "kiro openai"),
        (("fa*",), "fast", "kiro openai"),
        (("fast",), "kiro/fast", "kiro"),
        (("Fast",), "fast", ""),
        (("gpt-5.5",), "fast", ""),
        (("claude-haiku-4.5",), "fast", "kiro"),
        (("gpt-5.*",), "fast", "openai"),
        # what a pattern reaches by a route it reaches by that route only
        (("fast",), "claude-haiku-4.5", ""),
        (("gpt-5.4",), "gpt-5.4", "kiro"),
        (("gpt-5.4",), "gpt-5.3", "kiro"),
        (("gpt-5.4",), "gpt-5.6-luna", ""),
        (("nothing",), "auto", ""),
    ],
)
def test_what_a_key_may_use(patterns, written, kinds):
    named = resolve(written, TABLE)
    allowed = permitted(patterns, named, TABLE.pins, lambda name: resolve(name, TABLE))
    assert " ".join(target.kind for target in (allowed.targets if allowed else ())) == kinds
    if allowed is not None:
        assert (allowed.route, allowed.kind) == (named.route, named.kind)
        assert allowed.line != named.line or allowed.targets == named.targets


@pytest.mark.parametrize(
    ("patterns", "written", "accounts"),
    [
        (("work/auto",), "auto", ("acc_1",)),
        (("Work/*",), "auto", ("acc_1",)),
        (("work/auto",), "kiro/auto", ("acc_1",)),
        (("work/auto", "home/*"), "auto", ("acc_1", "acc_9")),
        (("work/auto", "kiro/auto"), "auto", ()),
        (("work/*",), "home/auto", None),
        (("work/*",), "work/auto", ("acc_1",)),
        # of a target with accounts of its own those that the pattern is for
        (("work/claude-haiku-4.5",), "fast", ("acc_1",)),
        (("home/*",), "fast", None),
        # an id may begin like a label
        (("meta/*",), "meta/llama", ()),
    ],
)
def test_a_pattern_with_a_label_is_for_that_account(patterns, written, accounts):
    labels = {**LABELS, "home": ("kiro", "acc_9"), "meta": ("kiro", "acc_7")}
    names = table({**IDS, "openai": ["meta/llama"]}, labels, ROUTES)
    allowed = permitted(patterns, resolve(written, names), names.pins, lambda name: resolve(name, names))
    assert (allowed.targets[0].account_ids if allowed else None) == accounts
    assert allowed is None or len(allowed.targets) == 1


def test_of_other_kinds_than_kiro_the_highest_priority_serves_first():
    offers = {
        "kiro": [(-5, {"claude-sonnet-4.5"})],
        "openai": [(1, {"claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"}), (9, {"o3"})],
        "anthropic": [(0, {"claude-sonnet-4-5-20250929"}), (2, {"claude-sonnet-4-5-20250929"})],
    }

    def kinds(**changed):
        named = resolve("claude-sonnet-4.5", table(IDS, {}, (), {**offers, **changed}))
        return " ".join(target.kind for target in named.targets)

    assert kinds() == "kiro anthropic openai"
    assert kinds(openai=[(2, {"claude-sonnet-4.5"})]) == "kiro openai anthropic"
    assert kinds(openai=[(3, {"o3"})]) == "kiro anthropic openai", "who does not offer it does not count"


def test_turns():
    a, b, c = (Target("kiro", name) for name in "abc")
    assert turns((a, b), 0, 3) == turns((a, b), 1, 3) == (a, b)
    assert turns((a, b), 2, 3) == (b, a)
    assert turns((a, b), 9, 3) == (a, b)
    assert turns((a, b, c), 0, 3) == (a, b, c)
    assert turns((a, b, c), 1, 3) == (b, c, a)
    assert turns((a, b, c), 2, 3) == (c, a, b)
    assert turns((a, b), 0, 1) == (a, b)
    assert turns((a,), 2, 3) == (a,)


@given(st.integers(1, 6), st.integers(1, 10), st.integers(0, 9))
def test_each_later_target_is_left_an_attempt(count, attempts, tried):
    """As far as there are attempts for all of them."""
    tried %= attempts
    targets = tuple(Target("kiro", str(number)) for number in range(count))
    order = turns(targets, tried, attempts)
    assert sorted(order, key=targets.index) == list(targets)
    first = targets.index(order[0])
    left = attempts - tried
    # the attempts that are left after this one are enough for those behind it
    assert first >= min(count - 1, tried) or left >= count - first
    if tried == 0:
        assert order == targets


def test_a_pool_that_fails_falls_over_to_every_target():
    """Whoever is asked fails, and all have accounts without end: within the attempts there are each had one."""
    for count in range(1, 6):
        targets = tuple(Target("kiro", str(number)) for number in range(count))
        for attempts in range(count, 9):
            asked = [turns(targets, tried, attempts)[0] for tried in range(attempts)]
            assert list(dict.fromkeys(asked)) == list(targets)
            assert asked.count(targets[0]) == attempts - count + 1


def lack(reason, retry_at, *accounts):
    return NoCapacity(reason, retry_at, [Exclusion(account, Rule.FULL) for account in accounts])


def test_the_most_hopeful_reason_is_told():
    none, spent, busy = lack(Lack.NO_ACCOUNT, None, "a"), lack(Lack.EXHAUSTED, 50.0, "b"), lack(Lack.BUSY, 90.0, "c")
    sooner = lack(Lack.BUSY, 70.0, "d")
    assert hope([none]) is none
    said = hope([none, spent, busy, sooner])
    assert (said.reason, said.retry_at, [out.account_id for out in said.exclusions]) == (Lack.BUSY, 70.0, ["a", "b", "c", "d"])
    assert (hope([none, spent]).reason, hope([spent, none]).retry_at) == (Lack.EXHAUSTED, 50.0)
    assert (hope([none, none]).reason, hope([none, none]).retry_at) == (Lack.NO_ACCOUNT, None)
