"""Processes: one for each job, few at a time, none left behind, and no secret within."""

import asyncio
import os
import sys

import pytest

from dataplane.clients.media import workers
from dataplane.clients.media.job import Answer, Job, packed
from dataplane.clients.media.workers import Workers
from tests.dataplane.clients.media.files import noise, opened, picture, saved

JOB = Job("picture", ("image/jpeg", "image/png"), 5 * 1024 * 1024, 8000)
# Seconds of work: many pixels that nothing makes small.
LONG = packed(Job("picture", ("image/png",), 1000, 8000), saved(noise((3000, 3000)), "BMP"))


@pytest.fixture
def started(monkeypatch):
    """The processes that were started."""
    real, seen = asyncio.create_subprocess_exec, []

    async def spy(*command, **more):
        seen.append(await real(*command, **more))
        return seen[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spy)
    return seen


def gone(process):
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return process.returncode is not None
    return False


def saying(monkeypatch, program):
    """Workers that run `program` instead."""
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", program))


async def test_a_job_is_done_and_its_process_gone(started):
    answer = await Workers(20).do(packed(JOB, picture("BMP")))
    assert opened(answer.pieces[0].data).size == (40, 30)
    assert len(started) == 1
    assert gone(started[0])


async def test_what_cannot_be_done_is_said_in_words():
    assert "known format" in (await Workers(20).do(packed(JOB, b"x"))).error
    assert "damaged" in (await Workers(20).do(packed(Job("pdf", JOB.formats, 1000, 100), b"x"))).error


async def test_a_job_that_takes_too_long_is_ended(started):
    assert "longer than 0.05 seconds" in (await Workers(0.05).do(LONG)).error
    assert gone(started[0])


async def test_a_caller_that_goes_takes_the_process_along(started):
    task = asyncio.ensure_future(Workers(20).do(LONG))
    async with asyncio.timeout(5):
        while not started:  # noqa: ASYNC110 - the spy has no event to wait for
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not gone(started[0])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(started[0])


async def test_closing_ends_what_runs(started):
    pool = Workers(20)
    task = asyncio.ensure_future(pool.do(LONG))
    await asyncio.sleep(0.3)
    await pool.close()
    assert (await task).error == workers.FAILED
    assert gone(started[0])


async def test_few_at_a_time(started):
    pool, most = Workers(20), 0
    jobs = [asyncio.ensure_future(pool.do(packed(JOB, picture("BMP", (40 + n, 30))))) for n in range(5)]
    while not all(job.done() for job in jobs):
        most = max(most, sum(not gone(process) for process in started))
        await asyncio.sleep(0.005)
    assert [opened(job.result().pieces[0].data).width for job in jobs] == [40, 41, 42, 43, 44]
    assert most == workers.MAX_WORKERS


async def test_a_worker_knows_no_secret_and_no_more_than_it_needs(monkeypatch):
    monkeypatch.setenv("PROXY_API_KEY", "secret")
    monkeypatch.setenv("HEADGATE_RPC_TOKEN", "secret")
    assert set(workers.environment()) <= {*workers.KEPT, "PYTHONPATH"}
    saying(monkeypatch, "import os, sys, json; sys.stdout.write(json.dumps({'error': str('secret' in str(os.environ))}))")
    assert await Workers(20).do(b"") == Answer(error="False")


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "raise SystemExit(3)",
        "print('{}')\nraise SystemExit(3)",
        "print('nonsense')",
        "print('[1]')",
        "import sys; sys.stdin.close(); print('{')",
        "",
    ],
)
async def test_a_worker_that_dies_or_babbles_has_failed(monkeypatch, caplog, program):
    saying(monkeypatch, program)
    assert await Workers(20).do(b"x" * 1_000_000) == Answer(error=workers.FAILED)
    assert "a media worker failed" in caplog.text


async def test_a_worker_that_does_not_stop_talking_is_ended(monkeypatch, started):
    monkeypatch.setattr(workers, "ANSWER_BYTES", 1000)
    saying(monkeypatch, "import sys\nwhile True: sys.stdout.write('x' * 100000)")
    assert await Workers(20).do(b"") == Answer(error=workers.TOO_MUCH)
    assert gone(started[0])


async def test_memory_is_limited(monkeypatch):
    code = "from dataplane.clients.media.worker.__main__ import confine; confine(); bytearray(2 << 30)"
    saying(monkeypatch, f"{code}\nprint('{{}}')")
    assert (await Workers(20).do(b"")).error == workers.FAILED
    saying(monkeypatch, code.replace("2 << 30", "2 << 20") + "\nprint('{}')")
    assert await Workers(20).do(b"") == Answer()
