"""What is told to those who listen, and to nobody else."""

import asyncio
import time
from dataclasses import replace

import pytest

from controlplane.domain.account import Account, AccountView, Allowance, AuthMethod, Counters, Status
from controlplane.domain.event import Topic
from controlplane.domain.key import Key
from controlplane.domain.outcome import Entry
from controlplane.service.background import Background
from controlplane.service.feed import BOUND, EACH, MOST, Feed
from tests.controlplane.fakes import outcome

TICK = 0.02
ALLOWANCE = Allowance(1, 50, checked_at=5)


def view(name, **given):
    plain = {
        "status": Status.ACTIVE,
        "reason": "",
        "until": 0,
        "health": 100,
        "in_flight": 0,
        "has_refresh_token": True,
        "has_access_token": True,
        "expires_at": 0,
        "models": [],
        "allowance": ALLOWANCE,
        "counters": Counters(),
    }
    return AccountView(Account(name, "kiro", name, AuthMethod.SOCIAL), **{**plain, **given})


class Pool:
    """Accounts, keys and their usage, as the feed asks for them."""

    def __init__(self):
        self.views = {}
        self.looked = 0
        self.keys = {}
        self.asked = []

    def accounts(self):
        self.looked += 1
        return list(self.views.values())

    def list(self):
        return list(self.keys.values())

    async def all(self, key_ids):
        self.asked.append(sorted(key_ids))
        await asyncio.sleep(0)
        return [{"of": key_id} for key_id in key_ids]


@pytest.fixture
def pool():
    return Pool()


@pytest.fixture
async def feed(pool):
    background = Background()
    made = Feed(pool.accounts, pool, pool, background, tick=TICK)
    yield made
    made.close()
    await background.close()


def ended(number, key_id="key_1"):
    return Entry(outcome(f"ls_{number}", request_id=f"req_{number}"), key_id, "m")


def key(name):
    return Key(name, name, "kg-", f"digest of {name}")


async def heard(listener, count):
    async with asyncio.timeout(5):
        return [await listener.next() for _ in range(count)]


async def nothing(listener, seconds=4 * TICK):
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await listener.next()


async def test_without_a_listener_nothing_is_touched(feed, pool):
    class Untouchable:
        def __getattr__(self, name):
            raise AssertionError(f"{name} was looked at")

        def __iter__(self):
            raise AssertionError("it was gone through")

    for _ in range(10_000):
        feed.ended(Untouchable())
        feed.decided(Untouchable(), Untouchable())
        feed.key("key_1")
        feed.settings()
    await asyncio.sleep(2 * TICK)
    assert (pool.looked, pool.asked) == (0, [])
    listener = feed.listen()
    await nothing(listener)


async def test_requests_are_told_to_those_who_want_them(feed):
    all_of_it, requests, others = feed.listen(), feed.listen([Topic.REQUEST]), feed.listen([Topic.KEY, Topic.SETTINGS])
    first, second = ended(1), ended(2)
    feed.ended([first, second])
    feed.settings()
    assert [(event.topic, event.id, event.what) for event in await heard(requests, 2)] == [
        (Topic.REQUEST, "req_1", first),
        (Topic.REQUEST, "req_2", second),
    ]
    assert [event.topic for event in await heard(all_of_it, 3)] == [Topic.REQUEST, Topic.REQUEST, Topic.SETTINGS]
    assert [event.topic for event in await heard(others, 1)] == [Topic.SETTINGS]


async def test_doubtful_requests_are_told_once_and_only_new_ones(feed):
    listener = feed.listen([Topic.REQUEST])
    feed.decided([ended(1), ended(2), ended(1), ended(3)], {"ls_1", "ls_3"})
    assert [event.id for event in await heard(listener, 2)] == ["req_1", "req_3"]
    await nothing(listener)


async def test_who_is_slow_is_told_that_events_were_lost_and_others_do_not_suffer(feed):
    slow, quick = feed.listen([Topic.REQUEST]), feed.listen([Topic.REQUEST])
    told = []
    for number in range(BOUND + 1):
        feed.ended([ended(number)])
        told += await heard(quick, 1)
    assert [event.id for event in told] == [f"req_{number}" for number in range(BOUND + 1)]
    feed.ended([ended("after")])
    assert [(event.topic, event.id) for event in await heard(slow, 2)] == [(Topic.RESET, ""), (Topic.REQUEST, "req_after")]
    await nothing(slow)


async def test_as_many_as_may_wait_are_all_told(feed):
    listener = feed.listen([Topic.REQUEST])
    feed.ended([ended(number) for number in range(BOUND)])
    assert [event.id for event in await heard(listener, BOUND)] == [f"req_{number}" for number in range(BOUND)]
    feed.ended([ended(number) for number in range(BOUND)])
    assert {event.topic for event in await heard(listener, BOUND)} == {Topic.REQUEST}


async def test_accounts_are_told_when_they_look_different(feed, pool):
    pool.views = {name: view(name) for name in "abc"}
    listener = feed.listen([Topic.ACCOUNT])
    await nothing(listener)
    pool.views["a"] = cooling = view("a", status=Status.COOLING, reason="it throttles", until=9)
    # Sums and the time of a look are no news.
    pool.views["b"] = view("b", counters=Counters(total_requests=1), allowance=replace(ALLOWANCE, checked_at=99), latency=0.0001)
    del pool.views["c"]
    pool.views["d"] = new = view("d")
    events = await heard(listener, 3)
    assert [(event.topic, event.id, event.what) for event in events] == [
        (Topic.ACCOUNT, "a", cooling),
        (Topic.ACCOUNT, "d", new),
        (Topic.ACCOUNT, "c", None),
    ]
    await nothing(listener)
    pool.views["b"] = view("b", allowance=replace(ALLOWANCE, used=2))
    assert [event.id for event in await heard(listener, 1)] == ["b"]


async def test_of_an_account_only_the_last_word_waits(feed, pool):
    pool.views = {str(number): view(str(number)) for number in range(2 * BOUND)}
    listener = feed.listen([Topic.ACCOUNT])
    for round_ in (1, 2):
        pool.views = {name: view(name, in_flight=round_) for name in pool.views}
        looked = pool.looked
        while pool.looked < looked + 2:  # noqa: ASYNC110 - the feed tells nobody that it looked
            await asyncio.sleep(TICK / 4)
    events = await heard(listener, 2 * BOUND)
    assert {(event.topic, event.what.in_flight) for event in events} == {(Topic.ACCOUNT, 2)}
    await nothing(listener)


async def test_nobody_looks_at_accounts_for_who_does_not_want_them(feed, pool):
    listener = feed.listen([Topic.REQUEST])
    await nothing(listener)
    assert pool.looked == 0
    other = feed.listen([Topic.ACCOUNT])
    await nothing(other)
    assert pool.looked > 0
    other.close()
    looked = pool.looked
    await nothing(listener)
    assert pool.looked == looked


async def test_keys_are_told_at_once_when_they_change(pool):
    background = Background()
    feed = Feed(pool.accounts, pool, pool, background, tick=60)
    pool.keys = {name: key(name) for name in ("key_1", "key_2")}
    listener = feed.listen([Topic.KEY])
    feed.key("key_1")
    feed.key("key_3")
    first, second = await heard(listener, 2)
    assert (first.topic, first.what.key, first.what.spent) == (Topic.KEY, pool.keys["key_1"], {"of": "key_1"})
    assert (second.id, second.what) == ("key_3", None)
    feed.close()
    await background.close()


async def test_what_keys_spent_is_told_once_a_tick_and_asked_for_at_once(feed, pool):
    pool.keys = {name: key(name) for name in ("key_1", "key_2", "key_3")}
    listener = feed.listen([Topic.KEY])
    for _ in range(50):
        feed.ended([ended(1, "key_1"), ended(2, "key_2"), ended(3, "proxy")])
    events = await heard(listener, 2)
    assert [event.what.spent for event in events] == [{"of": "key_1"}, {"of": "key_2"}]
    assert [ids for ids in pool.asked if ids] == [["key_1", "key_2"]]
    await nothing(listener)


async def test_so_many_listen_and_no_more(feed):
    listeners = [feed.listen() for _ in range(MOST)]
    assert feed.listen() is None
    listeners[0].close()
    assert feed.listen() is not None


async def test_nobody_takes_all_places_and_the_newest_gets_one(feed):
    other = feed.listen(whose=("ses_other", "usr_2"))
    own = [feed.listen(whose=("ses_1", "usr_1")) for _ in range(EACH[0] + 1)]
    async with asyncio.timeout(1):
        assert await own[0].next() is None
    feed.ended([ended(1)])
    for listener in (other, *own[1:]):
        assert [event.id for event in await heard(listener, 1)] == ["req_1"]
    more = [feed.listen(whose=(f"ses_{number}", "usr_1")) for number in range(2, EACH[1] + 2)]
    async with asyncio.timeout(1):
        for listener in own[1:]:
            assert await listener.next() is None
    feed.ended([ended(2)])
    for listener in (other, *more):
        assert [event.id for event in await heard(listener, 1)] == ["req_2"]


async def test_all_ends_with_the_process(feed):
    waiting = feed.listen()
    late = asyncio.create_task(waiting.next())
    await asyncio.sleep(0)
    feed.ended([ended(1)])
    feed.close()
    async with asyncio.timeout(1):
        await late
        assert await waiting.next() is None
        assert await feed.listen().next() is None


async def test_nobody_listens_for_ever(pool):
    background = Background()
    feed = Feed(pool.accounts, pool, pool, background, tick=TICK, longest=0.05)
    listener = feed.listen()
    async with asyncio.timeout(5):
        assert await listener.next() is None
    await background.close()


async def test_when_something_breaks_everybody_is_sent_away_to_come_again(feed, pool, caplog):
    listener = feed.listen()

    def broken():
        raise LookupError("a defect")

    feed._accounts = broken
    async with asyncio.timeout(5):
        assert await listener.next() is None
    await asyncio.sleep(0)
    assert "feed" in caplog.text
    feed._accounts = pool.accounts
    again = feed.listen([Topic.ACCOUNT])
    pool.views = {"a": view("a")}
    assert [event.id for event in await heard(again, 1)] == ["a"]


async def test_a_look_at_many_accounts_is_quick(feed, pool):
    pool.views = {str(number): view(str(number)) for number in range(500)}
    feed.listen([Topic.ACCOUNT])
    looks = []
    for _ in range(20):
        started = time.process_time()
        feed._compare()
        looks.append(time.process_time() - started)
    assert min(looks) < 0.01
