"""The launcher with real processes: small programs instead of services."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.child import Child
from headgate.stack import FORCED, HOPELESS, KILLED, NOT_READY, REFUSED, STOPPED, Stack, StartFailed, Stop, Timing

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
QUICK = Timing(ready=5, poll=0.02, first_pause=0.05, longest_pause=0.2)

pytestmark = pytest.mark.slow


class Diary:
    """What the programs wrote about themselves."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        return [tuple(line.split()) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    def events(self, *kinds):
        return [(name, event) for name, event, _ in self.lines() if event in kinds]

    def pids(self, kind="started"):
        return [int(pid) for _, event, pid in self.lines() if event == kind]

    async def until(self, happened, seconds=5.0):
        async with asyncio.timeout(seconds):
            while not happened(self):  # noqa: ASYNC110 - the event is another process's
                await asyncio.sleep(0.01)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids, seconds=3.0):
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def diary(tmp_path):
    diary = Diary(tmp_path / "diary")
    yield diary
    # A moment is allowed: a process is not gone when the signal is sent, but a little later.
    left = [] if gone([int(pid) for _, _, pid in diary.lines()], 1) else [pid for _, _, pid in diary.lines() if alive(int(pid))]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    assert left == [], "the launcher left processes behind"


@pytest.fixture
def child(diary, free_ports):
    """`child("name", "late=1")`: a program in the place of a service."""
    ports = iter(free_ports(4))

    def make(name, *manners, grace=5.0):
        port = next(ports)
        # -S -E: no site-packages, the program needs none and starts faster.
        command = (sys.executable, "-S", "-E", str(HERE / "fake_service.py"), name, str(port), str(diary.path), *manners)
        return Child(name, command, f"http://127.0.0.1:{port}/ready", grace)

    return make


class Launched:
    """A stack that runs in this loop."""

    def __init__(self, children, timing=QUICK):
        self.stop = Stop()
        self.ready = asyncio.Event()
        self.running = asyncio.ensure_future(Stack(children, os.environ, timing).run(self.stop, self.ready.set))

    async def ended(self):
        return await asyncio.wait_for(self.running, 10)


async def test_ready_is_told_once_all_are_ready(child, diary):
    launched = Launched([child("a"), child("b", "late=0.3"), child("c")])
    await diary.until(lambda diary: len(diary.pids()) == 3)
    assert not launched.ready.is_set()
    await asyncio.wait_for(launched.ready.wait(), 5)
    launched.stop.interrupt()
    assert await launched.ended() == STOPPED


async def test_they_stop_one_after_another_last_first(child, diary):
    launched = Launched([child("control"), child("summarizer", "slow=0.1"), child("data", "slow=0.1")])
    await asyncio.wait_for(launched.ready.wait(), 5)
    launched.stop.asked.set()
    assert await launched.ended() == STOPPED
    assert diary.events("asked", "stopped") == [
        ("data", "asked"),
        ("data", "stopped"),
        ("summarizer", "asked"),
        ("summarizer", "stopped"),
        ("control", "asked"),
        ("control", "stopped"),
    ]


async def test_a_dead_child_is_started_again(child, diary):
    launched = Launched([child("a"), child("b")])
    await asyncio.wait_for(launched.ready.wait(), 5)
    victim = next(int(pid) for name, _, pid in diary.lines() if name == "b")
    os.kill(victim, signal.SIGKILL)
    await diary.until(lambda diary: diary.events("started").count(("b", "started")) == 2)
    assert diary.events("started").count(("a", "started")) == 1
    launched.stop.interrupt()
    assert await launched.ended() == STOPPED


async def test_what_a_dead_child_started_dies_with_it(child, diary):
    launched = Launched([child("a", "nested")])
    await asyncio.wait_for(launched.ready.wait(), 5)
    await diary.until(lambda diary: diary.pids("nested"))
    [worker] = diary.pids("nested")
    os.kill(diary.pids()[0], signal.SIGKILL)
    await diary.until(lambda diary: len(diary.pids()) == 2)
    assert gone([worker])
    launched.stop.interrupt()
    assert await launched.ended() == STOPPED


async def test_one_that_does_not_stop_is_killed(child, diary):
    launched = Launched([child("a"), child("b", "stubborn", grace=0.2)])
    await asyncio.wait_for(launched.ready.wait(), 5)
    launched.stop.asked.set()
    assert await launched.ended() == FORCED
    assert diary.events("asked", "stopped") == [("b", "asked"), ("a", "asked"), ("a", "stopped")]


async def test_a_second_interrupt_kills_at_once(child, diary):
    launched = Launched([child("a"), child("b", "stubborn", grace=30)])
    await asyncio.wait_for(launched.ready.wait(), 5)
    launched.stop.interrupt()
    await diary.until(lambda diary: diary.events("asked"))
    launched.stop.interrupt()
    assert await launched.ended() == KILLED
    assert diary.events("stopped") == []


@pytest.mark.parametrize(("code", "told"), [(REFUSED, "b refuses its settings"), (HOPELESS, "b cannot start; its message is above")])
async def test_a_child_that_would_never_start_ends_the_start(child, diary, code, told):
    launched = Launched([child("a"), child("b", f"exit={code}")])
    with pytest.raises(StartFailed, match=told) as caught:
        await launched.ended()
    assert caught.value.code == code
    assert not launched.ready.is_set()
    assert diary.events("started").count(("b", "started")) == 1


async def test_who_is_not_ready_is_named_with_the_reason(child):
    children = [child("good"), child("deaf", "deaf"), child("broken", "broken"), child("dying", "exit=1")]
    launched = Launched(children, Timing(ready=0.6, poll=0.02, first_pause=0.2, longest_pause=0.2))
    with pytest.raises(StartFailed) as caught:
        await launched.ended()
    assert caught.value.code == NOT_READY
    head, deaf, broken, dying = str(caught.value).splitlines()
    assert head == "not ready after 0.6 s:"
    assert deaf.startswith("  - deaf does not listen on 127.0.0.1:")
    assert "broken answers 503 Service Unavailable on 127.0.0.1:" in broken
    assert broken.endswith('/ready: {"reasons":["no database, token=***"]}')
    assert "dying does not listen" in dying
    assert "times, last with exit code 1" in dying


async def test_it_can_be_stopped_before_it_is_ready(child, diary):
    launched = Launched([child("a"), child("b", "deaf")])
    await diary.until(lambda diary: len(diary.pids()) == 2)
    launched.stop.interrupt()
    assert await launched.ended() == STOPPED
    assert not launched.ready.is_set()


async def test_a_command_that_is_not_there_fails_and_leaves_nothing(child):
    missing = Child("missing", ("/nowhere/at-all",), "http://127.0.0.1:9/ready", 1)
    with pytest.raises(FileNotFoundError):
        await Launched([child("a"), missing]).ended()


def test_the_pause_doubles_to_a_limit_and_starts_anew_after_a_long_life():
    timing, pauses, pause = Timing(), [], 0.0
    for _ in range(8):
        pause = timing.pause(pause, lived=0.1)
        pauses.append(pause)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert timing.pause(10, lived=30) == 0.2


# ---- the launcher as a process of its own


@pytest.fixture
def launcher(diary, free_ports):
    """A running launcher of two services; it has said `ready`."""
    command = [sys.executable, str(HERE / "fake_launcher.py"), str(diary.path), *map(str, free_ports(2))]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    with process:
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()  # or `with` would wait for it


def test_a_killed_launcher_leaves_no_orphans(launcher, diary):
    pids = diary.pids()
    assert len(pids) == 2
    assert all(map(alive, pids))
    launcher.kill()
    assert gone(pids)
    assert diary.events("asked") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_it_with_exit_code_0(launcher, diary, number):
    # To the whole group, as a terminal does: the services must not see it.
    os.killpg(launcher.pid, number)
    assert launcher.wait(5) == 0
    assert gone(diary.pids(), 0)
    assert diary.events("asked") == [(f"service-{port}", "asked") for port in reversed(launcher.args[-2:])]


def test_who_asks_to_the_last_moment_does_not_kill_it(launcher):
    while launcher.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(launcher.pid, signal.SIGTERM)
        time.sleep(0.001)
    assert launcher.returncode == 0


def test_sigterm_twice_is_still_one_wish(launcher, diary):
    os.killpg(launcher.pid, signal.SIGTERM)
    with contextlib.suppress(ProcessLookupError):
        os.kill(launcher.pid, signal.SIGTERM)
    assert launcher.wait(5) == 0
    assert len(diary.events("stopped")) == 2
