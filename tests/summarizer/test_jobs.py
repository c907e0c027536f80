"""What is done by the clock."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from summarizer import jobs
from summarizer.errors import StoreAway
from summarizer.figures import Figures
from summarizer.jobs import Remembered, Tidying
from summarizer.kept import Answer, Bounds, Said, Turn
from summarizer.shortening.summary import Passage, Replaced, Summary
from summarizer.store.answers import Answers
from summarizer.store.originals import SqlOriginals
from summarizer.store.sessions import Sessions
from summarizer.store.spending import DAY_MS, SqlSpending
from summarizer.store.summaries import SqlSummaries


@pytest.fixture
def registry():
    return CollectorRegistry()


def tidied(engine, registry, bounds):
    return Tidying(engine, Answers(engine, bounds, 1000), Sessions(engine, bounds, 1000), Figures(registry), lambda: 1500)


@pytest.fixture
def tidying(engine, registry):
    return tidied(engine, registry, Bounds())


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """Small portions, and no pause between them."""
    monkeypatch.setattr(jobs, "STEP", 2)
    monkeypatch.setattr(jobs, "PAUSE", 0)


async def fill(tidying, now, count):
    for at in range(count):
        await tidying.answers.keep("k", Answer(f"{now}-{at}", "", b"12", []), now)
        turn = await tidying.sessions.claim("k", f"{now}-{at}", "t", now + 1, now)
        assert isinstance(turn, Turn)
        await tidying.sessions.end("k", f"{now}-{at}", "t", [Said(by_assistant=False, text="")], now)


async def test_all_that_has_expired_goes_and_the_rest_is_counted(tidying, registry):
    await fill(tidying, 0, 5)
    await fill(tidying, 600, 1)
    await tidying.tidy()
    metrics = generate_latest(registry).decode()
    assert "headgate_kept_evicted_total{" not in metrics
    for what in ("answers", "sessions"):
        assert f'headgate_kept_expired_total{{what="{what}"}} 5.0' in metrics
        assert f'headgate_kept{{what="{what}"}} 1.0' in metrics
    assert 'headgate_kept_bytes{what="answers"} 2.0' in metrics


async def test_what_is_too_much_for_a_key_goes(engine, tidying):
    await fill(tidying, 1000, 15)
    registry = CollectorRegistry()
    await tidied(engine, registry, Bounds(answers_bytes=20, sessions=3)).tidy()
    metrics = generate_latest(registry).decode()
    for what, gone, left in (("answers", 5, 10), ("sessions", 12, 3)):
        assert f'headgate_kept_evicted_total{{what="{what}"}} {gone}.0' in metrics
        assert f'headgate_kept{{what="{what}"}} {left}.0' in metrics


async def remember(remembered, now, count):
    for at in range(count):
        name = f"{now}-{at}".encode()
        await remembered.summaries.put("k", Summary(name, 1, ("x",)), now, 1000, 100)
        replaced = Replaced(name.decode(), "k", name, 1, 1, 1, "model", b"[]", now, now + 1000, [Passage(name, b"", 0, b"[]")])
        await remembered.originals.keep(replaced)
        await remembered.spending.add(f"k{at}", 1, now - 8 * DAY_MS)


async def test_what_compression_remembers_goes_likewise(engine, tidying, registry):
    remembered = tidying.remembered = Remembered(SqlSummaries(engine), SqlOriginals(engine), SqlSpending(engine))
    await remember(remembered, 0, 5)
    await remember(remembered, 600, 3)
    await tidying.tidy()
    metrics = generate_latest(registry).decode()
    assert "headgate_kept_evicted_total{" not in metrics
    for what in ("summaries", "originals"):
        count, size = await getattr(remembered, what).tally()
        assert count == 3
        assert f'headgate_kept_expired_total{{what="{what}"}} 5.0' in metrics
        assert f'headgate_kept{{what="{what}"}} 3.0' in metrics
        assert f'headgate_kept_bytes{{what="{what}"}} {float(size)}' in metrics
    assert 'headgate_kept_expired_total{what="spending"} 5.0' in metrics


async def test_summaries_that_are_too_many_for_all_go(engine, tidying, registry):
    summaries = SqlSummaries(engine, all_bytes=250)
    tidying.remembered = Remembered(summaries)
    await remember(Remembered(summaries, SqlOriginals(engine), SqlSpending(engine)), 1000, 9)
    count, size = await summaries.tally()
    await tidying.tidy()
    left = 250 // (size // count)
    assert await summaries.tally() == (left, left * (size // count))
    assert f'headgate_kept_evicted_total{{what="summaries"}} {9.0 - left}' in generate_latest(registry).decode()


def test_what_is_watched_is_told_as_it_is(registry):
    held = []
    Figures(registry).watch("memory", lambda: len(held), lambda: 10 * len(held))
    held += [1, 2]
    metrics = generate_latest(registry).decode()
    assert 'headgate_kept{what="memory"} 2.0' in metrics
    assert 'headgate_kept_bytes{what="memory"} 20.0' in metrics


@pytest.mark.parametrize(
    ("error", "told"),
    [(ConnectionResetError("hush"), "does not answer"), (StoreAway("hush"), "does not answer"), (ValueError("bug"), "Traceback")],
)
async def test_a_round_that_fails_is_not_the_last(tidying, monkeypatch, caplog, error, told):
    rounds = asyncio.Queue()

    async def fail():
        rounds.put_nowait(1)
        raise error

    monkeypatch.setattr(jobs, "TIDY_EVERY", 0)
    monkeypatch.setattr(Tidying, "tidy", lambda _: fail())
    running = asyncio.ensure_future(tidying.run())
    for _ in range(2):
        await asyncio.wait_for(rounds.get(), 10)
    running.cancel()
    await asyncio.wait((running,))
    assert told in caplog.text
