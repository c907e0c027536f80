import pytest
from hypothesis import given

from controlplane.policy import decisions
from controlplane.policy.picking import Pick, Result, picks
from controlplane.policy.scheduling import Mode, Wish, choose
from tests.controlplane.policy.pools import MODEL, NOW, candidate, cases, resting


def chose(pool, wish=None, now=NOW, seed=0, mode=Mode.SMART):
    wish = wish or Wish(MODEL)
    return decisions.chose(pool, wish, now, seed, mode, decisions.REVISION, choose(pool, wish, now, seed, mode))


def test_chosen_outscored_and_excluded():
    pool = [
        candidate("full", max_concurrency=2, in_flight=2),
        candidate("good"),
        candidate("worse", in_flight=4),
        candidate("rests", breakers=resting(60)),
    ]
    text = decisions.encode([chose(pool)])
    (good,), (worse,) = picks(text, "good"), picks(text, "worse")
    assert (good.result, good.winner, good.rule) == (Result.CHOSEN, "good", "")
    assert (worse.result, worse.winner) == (Result.OUTSCORED, "good")
    assert good.score > worse.score
    assert picks(text, "full") == [Pick(Result.EXCLUDED, "good", "concurrency-full", "2 of 2")]
    assert picks(text, "rests") == [Pick(Result.EXCLUDED, "good", "cooling", "throttled, 1 in a row")]


def test_one_line_for_each_choice_and_none_of_requests_without_the_account():
    steps = [chose([candidate("a"), candidate("b", in_flight=1)]), decisions.full("a", 3), chose([candidate("b")])]
    text = decisions.encode(steps)
    assert [(one.result, one.winner) for one in picks(text, "a")] == [(Result.CHOSEN, "a"), (Result.ABSENT, "b")]
    assert [(one.result, one.winner) for one in picks(text, "b")] == [(Result.OUTSCORED, "a"), (Result.CHOSEN, "b")]
    assert picks(text, "c") == ()
    assert picks(decisions.encode([decisions.full("a", 3)]), "a") == ()


def test_nobody_was_chosen():
    text = decisions.encode([chose([candidate("a", breakers=resting(60))])])
    (pick,) = picks(text, "a")
    assert (pick.result, pick.winner, pick.rule) == (Result.EXCLUDED, "", "cooling")


@pytest.mark.parametrize(
    "text", ["", "a", '[["chose-2","a"]]', '[["chose-9","a"]]', '{"a":1}', '[["chose-1",1,2,3,4,5,6,7,[["a"]],9,10,[]]]']
)
def test_what_cannot_be_read_tells_nothing(text):
    assert picks(text, "a") == ()


@given(cases)
def test_it_says_of_every_account_what_the_whole_record_says(one):
    text = decisions.encode([chose(*one)])
    (step,) = decisions.decode(text)
    for row in step["candidates"]:
        (pick,) = picks(text, row["id"])
        assert pick.winner == (step["accountId"] or "")
        if "exclusion" in row:
            assert (pick.result, pick.rule, pick.value, pick.score) == (
                Result.EXCLUDED,
                row["exclusion"]["rule"],
                row["exclusion"]["value"],
                None,
            )
        else:
            assert pick.score == row["score"]["sum"]
            assert pick.result is (Result.CHOSEN if row["id"] == step["accountId"] else Result.OUTSCORED)
