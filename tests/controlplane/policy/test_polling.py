import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.account import Allowance
from controlplane.policy.polling import AFTER_RESET, HELD, LONGEST_BACKOFF, SOON, USUAL, backoff, due_at, soon, spent

NOW = 1_800_000_000


def allowance(used=10.0, limit=100.0, resets_in=10**6, overage=False, ago=0):
    return Allowance(used, limit, NOW + resets_in, overage=overage, checked_at=NOW - ago)


def due(given, left=None, parked_at=0.0, chance=0.5):
    left = given.limit - given.used if left is None else left
    return due_at(given, left, parked_at, chance) - NOW


def test_who_was_never_asked_is_asked_now():
    assert due_at(None, 0.0, 0.0, 0.5) == 0


@pytest.mark.parametrize(
    ("given", "left", "seconds"),
    [
        (allowance(), None, USUAL),
        (allowance(used=95.1), None, SOON * 1.5),
        (allowance(used=80), 4.0, SOON * 1.5),
        (allowance(used=100, overage=True), None, USUAL),
        (allowance(used=0, limit=0), None, USUAL),
        # parked until its reset: no hurry
        (allowance(used=100), None, USUAL),
        # the period ends before the next look
        (allowance(resets_in=300), None, 300 + AFTER_RESET + SOON / 2),
        # it has ended, and the upstream has not begun the next one yet
        (allowance(resets_in=0), None, SOON * 1.5),
        (allowance(used=100, resets_in=-3599), None, SOON * 1.5),
        (allowance(resets_in=-3600), None, USUAL),
    ],
)
def test_when_it_is_asked_again(given, left, seconds):
    assert due(given, left) == seconds


def test_who_was_called_exhausted_is_asked_at_once_and_held_although_the_figures_say_otherwise():
    assert due(allowance(ago=100), parked_at=NOW - 50) == -50
    assert due(allowance(), parked_at=NOW - 50) == HELD - 50
    assert due(allowance(used=100), parked_at=NOW - 50) == USUAL


def test_the_more_are_watched_closely_the_less_closely():
    assert soon(0, 1.0) == soon(30, 1.0) == SOON
    assert soon(80, 0.9) == 144
    assert due_at(allowance(used=96), 4.0, 0, 0.5, soon(80, 0.9)) - NOW == 216


@given(st.integers(1, 2000), st.integers(0, 2000))
def test_there_are_turns_enough_for_all(accounts, hurried):
    """Whoever is watched closely and whoever is not: what they ask for together is less than the turns there are."""
    hurried = min(hurried, accounts)
    gap = min(1.0, USUAL / 2 / accounts)
    wanted = hurried / (1.5 * soon(hurried, gap)) + (accounts - hurried) / USUAL
    assert wanted <= 1 / gap


@given(st.floats(0, 1))
def test_accounts_drift_apart(chance):
    assert 0.9 * USUAL <= due(allowance(), chance=chance) <= 1.1 * USUAL


def test_the_provider_is_left_alone_for_longer_after_each_failure():
    assert [backoff(failures, None) for failures in range(1, 8)] == [60, 120, 240, 480, 960, 1800, 1800]
    assert backoff(1, 300) == 300
    assert backoff(1, 10**9) == backoff(10**6, None) == LONGEST_BACKOFF


def test_what_is_spent():
    assert spent(allowance(used=100))
    assert not spent(allowance(used=100, overage=True))
    assert not spent(allowance(used=100, limit=0))
