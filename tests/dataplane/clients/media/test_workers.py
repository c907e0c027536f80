"""Processes: few at a time, each for one request, none left behind, and no secret within."""

import asyncio
import os
import sys

import pytest

from dataplane.clients.media import process as processes
from dataplane.clients.media import workers
from dataplane.clients.media.job import Answer, Job, answering
from dataplane.clients.media.workers import Workers
from tests.dataplane.clients.media.files import noise, opened, picture, saved

JOB = Job("picture", ("image/jpeg", "image/png"), 5 * 1024 * 1024, 8000)
# Seconds of work: many pixels that nothing makes small.
LONG = Job("picture", ("image/png",), 1000, 8000), saved(noise((3000, 3000)), "BMP")


async def do(seconds, job=JOB, data=b""):
    """One job, done by workers of its own."""
    return await Workers(seconds).bench().do(job, data)


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


# Programs in the place of a worker: one empty answer, or one after the other for each job (of one piece), slowly.
SAYING = f"sys.stdout.buffer.write({answering(Answer())!r}); sys.stdout.flush()"
SLOWLY = "import sys, time\nwhile sys.stdin.buffer.read1(): time.sleep({seconds}); " + SAYING.replace("{", "{{").replace("}", "}}")


def told(expression):
    """A program that answers with an error that says `expression`."""
    code = "import os, sys; from dataplane.clients.media.job import Answer, answering\n"
    return f"{code}sys.stdout.buffer.write(answering(Answer(error=str({expression}))))"


def saying(monkeypatch, program):
    """Workers that run `program` instead."""
    monkeypatch.setattr(processes, "COMMAND", (sys.executable, "-c", program))


async def test_a_job_is_done_and_its_process_gone(started):
    answer = await do(20, data=picture("BMP"))
    assert opened(answer.pieces[0].data).size == (40, 30)
    assert len(started) == 1
    assert gone(started[0])


async def test_what_cannot_be_done_is_said_in_words():
    assert "known format" in (await do(20, data=b"x")).error
    assert "damaged" in (await do(20, Job("pdf", JOB.formats, 1000, 100), b"x")).error


async def test_a_job_that_takes_too_long_is_ended(started):
    assert "longer than 0.05 seconds" in (await do(0.05, *LONG)).error
    assert gone(started[0])


async def test_a_caller_that_goes_takes_the_process_along(started):
    task = asyncio.ensure_future(do(20, *LONG))
    async with asyncio.timeout(5):
        while not started:  # noqa: ASYNC110 - the spy has no event to wait for
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    assert not gone(started[0])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(started[0])


@pytest.mark.parametrize("turns", range(8))
async def test_a_caller_that_goes_while_the_process_starts(monkeypatch, started, turns):
    real, begun = asyncio.create_subprocess_exec, []

    async def counted(*command, **more):
        begun.append(command)
        return await real(*command, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    for _ in range(5):
        task = asyncio.ensure_future(do(20, *LONG))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()
    assert len(started) == len(begun), "each was started whole"
    assert all(map(gone, started))


async def test_closing_ends_what_runs_without_complaint_and_begins_no_more(started, caplog):
    pool = Workers(20)
    bench = pool.bench()
    tasks = [asyncio.ensure_future(bench.do(*LONG)) for _ in range(3)]
    await asyncio.sleep(0.3)
    await pool.close()
    assert all(map(gone, started))
    assert [(await task).error for task in tasks] == [processes.FAILED] * 3
    assert (await pool.bench().do(*LONG)).error == processes.FAILED
    assert len(started) == workers.MAX_WORKERS
    assert caplog.text == ""


async def test_few_at_a_time(started):
    pool, most = Workers(20), 0
    jobs = [asyncio.ensure_future(pool.bench().do(JOB, picture("BMP", (40 + n, 30)))) for n in range(5)]
    while not all(job.done() for job in jobs):
        most = max(most, sum(not gone(process) for process in started))
        await asyncio.sleep(0.005)
    assert [opened(job.result().pieces[0].data).width for job in jobs] == [40, 41, 42, 43, 44]
    assert most == workers.MAX_WORKERS
    assert len(started) == 5, "no two requests share a process"


async def test_many_small_jobs_of_a_request_do_not_each_cost_a_process(started):
    bench = Workers(20).bench()
    found = await asyncio.gather(*(bench.do(JOB, picture("BMP", (40 + n, 30))) for n in range(40)))
    assert [opened(answer.pieces[0].data).width for answer in found] == list(range(40, 80))
    assert len(started) < 30, "on an idle machine they are two or three"
    assert all(map(gone, started))


async def test_a_shift_ends_and_the_turn_goes_to_another_request(monkeypatch, started):
    """The jobs of the first would take both workers for seconds."""
    monkeypatch.setattr(workers, "SHIFT_SECONDS", 0.1)
    saying(monkeypatch, SLOWLY.format(seconds=0.1))
    pool = Workers(20)
    crowd, one = pool.bench(), pool.bench()
    many = [asyncio.ensure_future(crowd.do(JOB, b"")) for _ in range(30)]
    await asyncio.sleep(0.05)
    await one.do(JOB, b"")
    assert sum(each.done() for each in many) < 10
    await asyncio.gather(*many)
    assert len(started) > 10


async def test_a_job_that_fails_takes_no_other_job_along(monkeypatch, started):
    """The process is lost with it; the others are done by the next."""
    saying(monkeypatch, "import os, sys\nwhile said := sys.stdin.buffer.read1():\n if b'bad' in said: os.abort()\n " + SAYING)
    bench = Workers(20).bench()
    found = await asyncio.gather(*(bench.do(JOB, data) for data in (b"good", b"good", b"bad", b"good", b"good", b"bad", b"good", b"good")))
    good, bad = Answer(), Answer(error=processes.FAILED)
    assert found == [good, good, bad, good, good, bad, good, good]
    assert len(started) <= 2 * len(found), "a job is tried in two processes at most"


async def test_a_job_that_fails_behind_another_gets_a_process_of_its_own(monkeypatch, started):
    """Here each process has room for one job."""
    saying(monkeypatch, "import sys; sys.stdin.buffer.read1(); " + SAYING)
    bench = Workers(20).bench()
    assert await asyncio.gather(*(bench.do(JOB, b"") for _ in range(6))) == [Answer()] * 6
    # Two shifts may begin for the same last job, and one of them then finds it done.
    assert len(started) <= 12, "a job is tried in two processes at most"


async def test_time_is_for_each_job_and_not_for_all(monkeypatch, started):
    saying(monkeypatch, SLOWLY.format(seconds=0.05))
    bench = Workers(0.6).bench()
    found = await asyncio.gather(*(bench.do(JOB, b"") for _ in range(30)))
    assert found == [Answer()] * 30
    assert len(started) < 20


async def test_a_process_that_goes_between_two_jobs(monkeypatch):
    saying(monkeypatch, "import sys; sys.stdin.buffer.read1()\n" + SAYING)
    bench = Workers(20).bench()

    async def late():
        first = await bench.do(JOB, b"")
        return first, await bench.do(JOB, b"x" * 1_000_000)

    assert await late() == (Answer(), Answer())


async def test_a_worker_that_complains_a_lot_is_heard(monkeypatch):
    saying(monkeypatch, "import sys; sys.stderr.write('x' * 10_000_000)\n" + SAYING)
    assert await do(20) == Answer()


async def test_a_worker_knows_no_secret_and_no_more_than_it_needs(monkeypatch):
    monkeypatch.setenv("PROXY_API_KEY", "secret")
    monkeypatch.setenv("HEADGATE_RPC_TOKEN", "secret")
    assert set(processes.environment()) <= {*processes.KEPT, "PYTHONPATH"}
    saying(monkeypatch, told("'secret' in str(os.environ)"))
    assert await do(20) == Answer(error="False")


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.abort()",
        "raise SystemExit(3)",
        "print('{}')\nraise SystemExit(3)",
        "print('what?', end='')",
        "import sys; sys.stdout.buffer.write(bytes(7) + b'\\x08nonsense')",
        "import sys; sys.stdout.buffer.write(bytes(7) + b'\\x03[1]')",
        "import sys; sys.stdout.buffer.write(bytes(7) + b'\\x09{}')",
        "import sys, time; i = sys.stdin.buffer; i.read(int.from_bytes(i.read(8))); sys.stdout.buffer.write(bytes(8)); sys.stdout.flush(); time.sleep(60)",
        "import sys; sys.stdin.close(); print('{')",
        "",
    ],
)
async def test_a_worker_that_dies_or_babbles_has_failed(monkeypatch, caplog, program):
    saying(monkeypatch, program)
    assert await do(20, data=b"x" * 1_000_000) == Answer(error=processes.FAILED)
    assert "a media worker failed" in caplog.text


async def test_a_worker_that_does_not_stop_talking_is_ended(monkeypatch, started):
    monkeypatch.setattr(processes, "ANSWER_BYTES", 1000)
    saying(monkeypatch, "import sys\nwhile True: sys.stdout.write('x' * 100000)")
    assert await do(20) == Answer(error=processes.TOO_MUCH)
    assert gone(started[0])


async def test_memory_is_limited(monkeypatch):
    code = "from dataplane.clients.media.worker.__main__ import confine; confine(); bytearray(2 << 30)\nimport sys\n"
    saying(monkeypatch, code + SAYING)
    assert (await do(20)).error == processes.FAILED
    saying(monkeypatch, code.replace("2 << 30", "2 << 20") + SAYING)
    assert await do(20) == Answer()
