import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.account import Status
from controlplane.policy import scheduling
from controlplane.policy.health import smoothed
from controlplane.policy.scheduling import Choice, Lack, Mode, NoCapacity, Rule, Wish, choose, health_now, places, session_hash
from controlplane.policy.scoring import ALLOWANCE, LATENCY
from tests.controlplane.policy.pools import DAY, MODEL, NOW, OPUS, candidate, cases, resting


def exclusion(one, **wish):
    made = choose([one], Wish(MODEL, **wish), NOW, 0)
    assert isinstance(made, NoCapacity)
    (found,) = made.exclusions
    return made, found


@pytest.mark.parametrize(
    ("given", "wish", "rule", "value", "lack", "wait"),
    [
        ({"status": Status.DISABLED}, {}, Rule.DISABLED, "disabled", Lack.NO_ACCOUNT, None),
        ({"status": Status.SUSPENDED}, {}, Rule.SUSPENDED, "suspended", Lack.NO_ACCOUNT, None),
        ({"status": Status.NEEDS_LOGIN}, {}, Rule.NEEDS_LOGIN, "needs-login", Lack.NO_ACCOUNT, None),
        ({"status": Status.EXHAUSTED, "until": NOW + 9000}, {}, Rule.EXHAUSTED, "exhausted", Lack.EXHAUSTED, 9000),
        ({"limit": 50, "left": 0, "resets_at": NOW + 5}, {}, Rule.EXHAUSTED, "0 of 50 left", Lack.EXHAUSTED, 5),
        ({"limit": 50, "left": -1.5, "resets_at": NOW + 5}, {}, Rule.EXHAUSTED, "-1.5 of 50 left", Lack.EXHAUSTED, 5),
        ({"limit": 50, "left": 0}, {}, Rule.EXHAUSTED, "0 of 50 left", Lack.EXHAUSTED, 900),
        ({"status": Status.COOLING, "until": NOW + 30}, {}, Rule.COOLING, "cooling", Lack.BUSY, 30),
        ({"breakers": resting(30, strikes=2)}, {}, Rule.COOLING, "throttled, 2 in a row", Lack.BUSY, 30),
        ({"breakers": resting(200, model=MODEL)}, {}, Rule.COOLING_MODEL, "throttled, 1 in a row", Lack.BUSY, 200),
        ({"breakers": resting(-1, probe="ls_1")}, {}, Rule.PROBING, "ls_1", Lack.BUSY, 1),
        ({"offers": {"other"}}, {}, Rule.NOT_OFFERED, MODEL, Lack.NO_ACCOUNT, None),
        ({"max_concurrency": 2, "in_flight": 2}, {}, Rule.FULL, "2 of 2", Lack.BUSY, 1),
        ({"max_concurrency": 9, "ceiling": 3, "in_flight": 4}, {}, Rule.FULL, "4 of 3", Lack.BUSY, 1),
        ({"max_concurrency": 2, "ceiling": 3, "in_flight": 2}, {}, Rule.FULL, "2 of 2", Lack.BUSY, 1),
        ({"ceiling": 1, "in_flight": 1}, {}, Rule.FULL, "1 of 1", Lack.BUSY, 1),
        ({}, {"excluded": ["a"]}, Rule.TRIED, "", Lack.BUSY, 1),
        ({"breakers": resting(30)}, {"excluded": ["a"]}, Rule.COOLING, "throttled, 1 in a row", Lack.BUSY, 30),
        ({}, {"allowed": ["b"]}, Rule.NOT_ALLOWED, "not among the key's 1", Lack.NO_ACCOUNT, None),
        ({"breakers": resting(30)}, {"allowed": ["b"]}, Rule.NOT_ALLOWED, "not among the key's 1", Lack.NO_ACCOUNT, None),
        ({}, {"account_id": "b"}, Rule.PINNED, "b was named", Lack.NO_ACCOUNT, None),
        ({}, {"kind": "openai"}, Rule.PINNED, "openai was named", Lack.NO_ACCOUNT, None),
        ({"has_credential": False}, {}, Rule.NO_CREDENTIAL, "", Lack.NO_ACCOUNT, None),
        ({"has_credential": False, "breakers": resting(30)}, {}, Rule.NO_CREDENTIAL, "", Lack.NO_ACCOUNT, None),
    ],
)
def test_each_rule_that_puts_an_account_out(given, wish, rule, value, lack, wait):
    made, found = exclusion(candidate(**given), **wish)
    assert (found.rule, found.value) == (rule, value)
    assert (made.reason, made.retry_at) == (lack, None if wait is None else NOW + wait)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": Status.COOLING, "until": NOW},
        {"status": Status.EXHAUSTED, "until": NOW - 1},
        {"breakers": resting(5000, model="other")},
        {"breakers": resting(0)},
        {"breakers": resting(0, model=MODEL)},
        {"max_concurrency": 2, "in_flight": 1},
        {"ceiling": 2, "in_flight": 1},
        {"limit": 50, "left": 0.1},
        {"limit": 50, "left": 0, "resets_at": NOW - 1},
        # overage: its owner says that there is no bound
        {"limit": 0, "left": -20, "resets_at": NOW + DAY},
        {"limit": 50, "left": float("inf"), "resets_at": NOW + DAY},
    ],
)
def test_accounts_that_may_serve(given):
    assert isinstance(choose([candidate(**given)], Wish(MODEL), NOW, 0), Choice)


@pytest.mark.parametrize(
    ("plan", "model", "serves"), [("free", OPUS, False), ("free", "claude-sonnet-4.5", True), ("pro", OPUS, True), ("", OPUS, True)]
)
def test_a_free_plan_has_no_opus(plan, model, serves):
    made = choose([candidate(plan=plan, offers={model})], Wish(model), NOW, 0)
    assert isinstance(made, Choice) is serves
    assert serves or (made.reason, made.exclusions[0].rule, made.exclusions[0].value) == (Lack.NO_ACCOUNT, Rule.PLAN_LACKS, "free")


def test_nobody_at_all():
    assert choose([], Wish(MODEL), NOW, 0) == NoCapacity(Lack.NO_ACCOUNT, None, [])


def test_the_most_hopeful_reason_and_the_earliest_time_are_told():
    pool = [
        candidate("a", status=Status.EXHAUSTED, until=NOW + 9000),
        candidate("b", breakers=resting(60)),
        candidate("c", breakers=resting(20)),
        candidate("d", status=Status.SUSPENDED),
    ]
    made = choose(pool, Wish(MODEL), NOW, 0)
    assert (made.reason, made.retry_at) == (Lack.BUSY, NOW + 20)
    assert choose(pool[:1] + pool[3:], Wish(MODEL), NOW, 0).reason is Lack.EXHAUSTED


def chosen(pool, seed=0, mode=Mode.SMART, session="", **wish):
    return choose(pool, Wish(MODEL, session_hash(session), **wish), NOW, seed, mode).candidate.id


def test_the_idle_the_healthy_the_preferred_and_the_warm_win():
    assert chosen([candidate("a", in_flight=1), candidate("b")]) == "b"
    assert chosen([candidate("a", health=60), candidate("b")]) == "b"
    assert chosen([candidate("a"), candidate("b", priority=1)]) == "b"
    assert chosen([candidate("a", warm_until=10), candidate("b")]) == "b"
    # half of two places weighs more than half of eight
    assert chosen([candidate("a", in_flight=1, max_concurrency=2), candidate("b", in_flight=1)]) == "b"
    # and the ceiling that was found counts as the limit
    assert chosen([candidate("a", in_flight=1, max_concurrency=8, ceiling=2), candidate("b", in_flight=1)]) == "b"


def test_health_comes_back_with_time():
    one = candidate(health=20)
    assert [round(health_now(one, NOW + seconds)) for seconds in (-50, 0, 300, 600, 6000)] == [20, 20, 60, 80, 100]
    assert chosen([candidate("a", health=20, health_at=NOW - 3600), candidate("b", in_flight=1)]) == "a"
    # the last traces of a fault keep nobody away
    assert {chosen([candidate("a", health=50, health_at=NOW - 2100), candidate("b")], seed) for seed in range(2)} == {"a", "b"}


def test_an_allowance_that_would_be_wasted_is_spent_first():
    spare = {"limit": 100.0, "left": 80.0, "resets_at": NOW + DAY}
    scarce = {"limit": 100.0, "left": 20.0, "resets_at": NOW + 29 * DAY}
    assert chosen([candidate("a"), candidate("b", **spare)]) == "b"
    assert chosen([candidate("a", **scarce), candidate("b")]) == "b"
    # spent evenly, reset past or unknown: no difference
    for neutral in (
        {"limit": 100.0, "left": 50.0, "resets_at": NOW + 15 * DAY},
        {**spare, "resets_at": NOW - 1},
        {**spare, "resets_at": 0},
    ):
        assert {chosen([candidate("a"), candidate("b", **neutral)], seed) for seed in range(2)} == {"a", "b"}


@given(st.floats(0.001, 1000), st.floats(0.001, 1000), st.floats(0, 60 * DAY))
def test_the_pace_of_an_allowance_is_bounded(limit, left, ahead):
    (score,) = choose([candidate(limit=limit, left=left, resets_at=NOW + ahead)], Wish(MODEL), NOW, 0).scores
    assert -ALLOWANCE <= score.allowance <= ALLOWANCE


def test_the_fast_come_first_and_the_unknown_are_not_held_back():
    assert chosen([candidate("a", latency=4.0), candidate("b", latency=2.0)]) == "b"
    assert {chosen([candidate("a", latency=2.2), candidate("b", latency=2.0)], seed) for seed in range(2)} == {"a", "b"}
    assert chosen([candidate("a", latency=4.0), candidate("b", latency=2.0), candidate("c", latency=1e9, in_flight=1)]) == "b"
    assert {chosen([candidate("a"), candidate("b", latency=2.0)], seed) for seed in range(2)} == {"a", "b"}
    (slow, _) = choose([candidate("a", latency=1e9), candidate("b", latency=0.001)], Wish(MODEL), NOW, 0).scores
    assert slow.latency == pytest.approx(-LATENCY, abs=0.001)


def test_a_slow_answer_is_forgotten_with_time():
    """What it lacks is halved again and again; whoever is not asked meanwhile is nobody's last choice, nor homeless, for ever."""
    pool = [candidate("a", latency=1.0), candidate("b", latency=17.0)]
    homes, parts = [], []
    for passed in range(0, 7 * 600, 600):
        now = NOW + passed
        homes.append(sum(choose(pool, Wish(MODEL, session), now, 0).candidate.id == "b" for session in range(1, 10**6, 9973)))
        parts.append(choose(pool, Wish(MODEL), now, 0).scores[1].latency)
    assert homes[0] == homes[3] == 0
    assert homes[5] > 30
    assert parts == sorted(parts)
    assert parts[-1] == 0
    assert choose(pool, Wish(MODEL), NOW - 60, 0).scores[1].latency == parts[0], "clocks run back"


def test_an_account_that_was_slow_once_serves_again():
    """The course of a day in which one of two was slow at its very first answer."""
    pool = [candidate("a"), candidate("b")]
    served = {"a": 0, "b": 0}
    for one, seconds in zip(pool, (1.0, 20.0), strict=True):
        one.latency, one.latency_at = smoothed(0.0, seconds, 0), NOW
    for number in range(8_640):
        now = NOW + 10 * number
        pool[0].in_flight = number % 2
        one = choose(pool, Wish(MODEL, number * 7919 + 1), now, number).candidate
        served[one.id] += 1
        one.latency, one.latency_at = smoothed(one.latency, 1.0, now - one.latency_at), now
    assert served["b"] > 3_000
    assert pool[1].latency == pytest.approx(1.0)


def test_equals_are_told_apart_by_the_seed_only():
    pool = [candidate("a"), candidate("b"), candidate("c")]
    for mode in Mode:
        assert [chosen(pool, seed, mode) for seed in range(4)] == ["a", "b", "c", "a"]


@pytest.mark.parametrize("mode", Mode)
def test_a_session_in_which_the_model_reasons_stays_under_load_that_moves_others(mode):
    home = chosen([candidate("a"), candidate("b")], session="s")
    busy = [candidate(name, in_flight=20 if name == home else 0) for name in "ab"]
    assert chosen(busy, 0, mode, session="s") != home
    assert chosen(busy, 0, mode, session="s", sticky=True) == home
    flooded = [candidate(name, in_flight=60 if name == home else 0) for name in "ab"]
    assert chosen(flooded, 0, mode, session="s", sticky=True) != home
    full = [candidate(name, in_flight=1, max_concurrency=1 if name == home else 0) for name in "ab"]
    assert chosen(full, 0, mode, session="s", sticky=True) != home


def test_a_session_stays_where_it_is_until_that_is_worse():
    pool = [candidate(name) for name in "abcdef"]
    homes = {session: chosen(pool, seed=1, session=session) for session in map(str, range(60))}
    assert len(set(homes.values())) == 6
    for session, home in homes.items():
        assert chosen(pool, seed=99, session=session) == home
        # others leaving or joining does not move it
        smaller = [one for one in pool if one.id in (home, "a", "f")]
        assert chosen(smaller, session=session) == home
    home = next(one for one in pool if one.id == homes["0"])
    home.in_flight = 3
    assert chosen(pool, session="0") == home.id
    home.in_flight = 5
    assert chosen(pool, session="0") != home.id


@given(st.text(min_size=1, max_size=20), st.integers(2, 8), st.integers(0, 100), st.sampled_from(Mode))
def test_a_session_keeps_its_account_while_that_is_fit_and_moves_when_it_is_full(session, count, seed, mode):
    pool = [candidate(f"acc_{place}", max_concurrency=2) for place in range(count)]
    home = chosen(pool, seed, mode, session=session)
    assert {chosen(pool, other, mode, session=session) for other in range(5)} == {home}
    full = next(one for one in pool if one.id == home)
    full.in_flight = 2
    second = chosen(pool, seed, mode, session=session)
    assert second != home
    # all requests of the session go to the same other account, and back once there is room
    assert {chosen(pool, other, mode, session=session) for other in range(5)} == {second}
    full.in_flight = 0
    assert chosen(pool, seed + 1, mode, session=session) == home


def test_nothing_of_a_sessions_name_is_kept():
    assert session_hash("") == 0
    assert session_hash("secret") == session_hash("secret") != session_hash("Secret")
    assert 0 < session_hash("secret") < 2**64


def test_priority_takes_the_highest_that_fits():
    pool = [
        candidate("a", priority=1),
        candidate("b", priority=5, in_flight=7, health=10, max_concurrency=8),
        candidate("c", priority=5, status=Status.DISABLED),
    ]
    made = choose(pool, Wish(MODEL), NOW, 0, Mode.PRIORITY)
    assert made.candidate.id == "b"
    assert [(one.account_id, one.rule, one.value) for one in made.exclusions] == [
        ("c", Rule.DISABLED, "disabled"),
        ("a", Rule.OUTRANKED, "1 below 5"),
    ]
    assert chosen(pool) == "a"
    pool[1].in_flight = 8
    assert chosen(pool, 0, Mode.PRIORITY) == "a"
    # among equal priorities as in the smart mode
    assert chosen([candidate("a", in_flight=1), candidate("b")], 0, Mode.PRIORITY) == "b"


def test_balanced_looks_at_load_then_at_what_was_given_then_at_the_session():
    assert (
        chosen([candidate("a", in_flight=2, max_concurrency=10), candidate("b", in_flight=1, max_concurrency=2)], 0, Mode.BALANCED) == "a"
    )
    assert chosen([candidate("a", recent=3, recent_at=NOW), candidate("b", recent=2, recent_at=NOW)], 0, Mode.BALANCED) == "b"
    # load first, however much was given
    assert chosen([candidate("a", recent=900, recent_at=NOW), candidate("b", in_flight=1)], 0, Mode.BALANCED) == "a"
    # what was given fades
    assert chosen([candidate("a", recent=8, recent_at=NOW - 1200), candidate("b", recent=2, recent_at=NOW)], 0, Mode.BALANCED) == "a"
    home = chosen([candidate("a"), candidate("b")], 0, Mode.BALANCED, session="s")
    other = "b" if home == "a" else "a"
    assert chosen([candidate("a"), candidate("b")], 1, Mode.BALANCED, session="s") == home
    assert chosen([candidate(home, recent=1, recent_at=NOW), candidate(other)], 0, Mode.BALANCED, session="s") == other
    # poor health counts, fair health and priority do not
    assert chosen([candidate("a", health=20), candidate("b", in_flight=2)], 0, Mode.BALANCED) == "b"
    assert {chosen([candidate("a", health=60), candidate("b", priority=20)], seed, Mode.BALANCED) for seed in range(2)} == {"a", "b"}


@given(
    st.integers(1, 7), st.integers(1, 60), st.lists(st.sampled_from(["", "s", "t"]), min_size=1, max_size=5), st.booleans(), st.randoms()
)
def test_balanced_spreads_evenly_over_equal_accounts(count, requests, sessions, held, random):
    pool = [candidate(f"acc_{place}") for place in range(count)]
    served = dict.fromkeys((one.id for one in pool), 0)
    for turn in range(requests):
        wish = Wish(MODEL, session_hash(sessions[turn % len(sessions)]))
        one = choose(pool, wish, NOW, random.randrange(1000), Mode.BALANCED).candidate
        scheduling.given(one, NOW)
        one.in_flight += held
        served[one.id] += 1
    assert max(served.values()) - min(served.values()) <= 1


@given(st.lists(st.floats(0, 400), min_size=1, max_size=20))
def test_what_was_given_fades_and_never_runs_backwards(gaps):
    one, now, exact = candidate(), NOW, 0.0
    for gap in gaps:
        now += gap
        exact = exact * 2 ** -(gap / 300) + 1
        scheduling.given(one, now)
    assert one.recent == pytest.approx(exact, rel=0.02)
    before = (one.recent, one.recent_at)
    scheduling.given(one, now - 50)
    assert (one.recent, one.recent_at) == (pytest.approx(before[0] + 1), before[1])


@given(cases)
def test_never_an_excluded_one_and_always_the_same_for_a_seed(case):
    pool, wish = case.pool, case.wish
    made = choose(*case)
    assert made == choose(*case)
    out = {one.account_id for one in made.exclusions}
    if isinstance(made, NoCapacity):
        assert out == {one.id for one in pool}
        assert made.retry_at is None or made.retry_at > NOW
        return
    picked = made.candidate
    assert picked.id not in out
    assert {score.account_id for score in made.scores} | out == {one.id for one in pool}
    assert wish.model in picked.offers
    assert picked.id not in wish.excluded
    assert not wish.allowed or picked.id in wish.allowed
    assert picked.kind == (wish.kind or picked.kind)
    assert picked.id == (wish.account_id or picked.id)
    assert picked.status not in (Status.DISABLED, Status.SUSPENDED, Status.NEEDS_LOGIN)
    assert picked.status is not Status.EXHAUSTED or 0 < picked.until <= NOW
    assert not picked.limit or picked.left > 0 or 0 < picked.resets_at <= NOW
    assert picked.has_credential
    assert not (picked.plan == "free" and wish.model == OPUS)
    assert not places(picked) or picked.in_flight < places(picked)
    assert made.probes == [one for one in picked.breakers.values() if one.model in ("", wish.model)] or not picked.breakers
    assert not any(one.probe for one in made.probes)
    assert made.healing == any(one.until > NOW for one in made.probes)
    assert len(made.scores) == 1 or not made.healing
    best = max(score.sum for score in made.scores)
    turn = max(score.turn for score in made.scores if score.sum == best)
    assert next((score.sum, score.turn) for score in made.scores if score.account_id == picked.id) == (best, turn)


@given(cases)
def test_the_plain_and_the_thorough_way_agree(case):
    """Whoever is not told quickly to be fit is looked at thoroughly; naming all as allowed forces that."""
    open_wish = Wish(case.wish.model, case.wish.session)
    named = Wish(case.wish.model, case.wish.session, allowed=tuple(one.id for one in case.pool))
    assert choose(case.pool, open_wish, NOW, case.seed, case.mode) == choose(case.pool, named, NOW, case.seed, case.mode)


@given(cases, cases)
def test_a_lower_priority_never_changes_who_serves_in_the_priority_mode(case, other):
    before = choose(case.pool, case.wish, NOW, case.seed, Mode.PRIORITY)
    if isinstance(before, NoCapacity) or before.healing:
        return
    for place, one in enumerate(other.pool):
        one.id, one.priority = f"joins {place}", before.candidate.priority - 1 - place
    after = choose([*case.pool, *other.pool], case.wish, NOW, case.seed, Mode.PRIORITY)
    assert (after.candidate.id, after.scores) == (before.candidate.id, before.scores)


def test_the_record_names_every_account_and_adds_up():
    pool = [candidate("a"), candidate("b", status=Status.DISABLED), candidate("c", in_flight=2)]
    made = choose(pool, Wish(MODEL), NOW, 0)
    assert [score.account_id for score in made.scores] == ["a", "c"]
    assert [(one.account_id, one.rule) for one in made.exclusions] == [("b", Rule.DISABLED)]
    assert made.scores[0].sum == 2.0
    assert made.scores[1].sum == 1.75


@given(cases)
def test_the_parts_of_a_score_add_up(case):
    made = choose(*case)
    for score in made.scores if isinstance(made, Choice) else ():
        assert score.sum == pytest.approx(sum(score[1:-2]), abs=1e-6)
        assert case.mode is Mode.BALANCED or score.turn == 0
