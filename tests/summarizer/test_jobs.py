"""What is done by the clock."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from summarizer import jobs
from summarizer.figures import Figures
from summarizer.jobs import Tidying
from summarizer.kept import Answer, Bounds, Said, Turn
from summarizer.store.answers import Answers
from summarizer.store.sessions import Sessions


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


@pytest.mark.parametrize(("error", "told"), [(ConnectionResetError("hush"), "does not answer"), (ValueError("bug"), "Traceback")])
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
