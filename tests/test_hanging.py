"""What a run does about tests that hang, seen in runs of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLAIN = """
import asyncio

async def deep():
    await asyncio.get_running_loop().create_future()

async def test_it():
    await asyncio.gather(deep(), asyncio.sleep(1000))
"""
UVLOOP = """
import asyncio, uvloop

async def deep():
    await asyncio.get_running_loop().create_future()

def test_it():
    uvloop.run(deep())
"""
TRIED = """
import asyncio
from hypothesis import given, strategies as st

@given(number=st.integers(0, 9))
async def test_it(number):
    await asyncio.sleep(1000 if number > 4 else 0)
"""
STUBBORN = """
import time

def test_it():
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass
"""
STAYING = """
import threading

def test_it():
    threading.Thread(target=threading.Event().wait).start()
    assert {good}
"""


@pytest.fixture
def command(tmp_path):
    """`command(program)`: what runs pytest over it, with little patience, and what it runs in."""

    def prepared(program):
        (tmp_path / "test_program.py").write_text(f"{program}\n\ndef test_after():\n    pass\n")
        (tmp_path / "conftest.py").write_text("from tests import hanging\nhanging.EXIT_SECONDS = hanging.AGAIN_SECONDS = 0.5\n")
        (tmp_path / "pytest.ini").write_text(
            "[pytest]\nasyncio_mode = auto\ntimeout = 1\nfaulthandler_timeout = 30\nfaulthandler_exit_on_timeout = true\n"
        )
        plugins = ["-p", "tests.hanging", "-p", "no:cacheprovider"]
        return [sys.executable, "-m", "pytest", "-q", *plugins], {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}

    return prepared


def ran(command, *options):
    arguments, where = command
    return subprocess.run([*arguments, *options], capture_output=True, text=True, timeout=60, check=False, **where)


@pytest.mark.parametrize("program", [PLAIN, UVLOOP], ids=["plain", "uvloop"])
def test_a_test_that_waits_for_ever_fails_and_tells_what_it_waits_for(command, program):
    done = ran(command(program))
    assert "test_program.py::test_it takes too long" in done.stderr
    assert "in deep\n" in done.stderr
    assert "1 failed, 1 passed" in done.stdout
    assert done.returncode == 1


def test_hypothesis_still_finds_the_smallest_example(command):
    done = ran(command(TRIED))
    assert "number=5," in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_one_that_lets_nothing_fail_it_ends_the_run(command):
    done = ran(command(STUBBORN), "-o", "faulthandler_timeout=2")
    assert done.returncode == 1
    assert "in test_it" in done.stderr


@pytest.mark.parametrize("good", [True, False])
def test_a_process_that_stays_goes_with_the_verdict_of_its_tests(command, good):
    done = ran(command(STAYING.format(good=good)))
    assert done.returncode == (0 if good else 1)
    assert "BUT THEIR PROCESS STAYS" in done.stderr
    assert "in _shutdown" in done.stderr, "where the main thread waits for the other"


def test_one_that_is_told_to_stop_tells_where_it_was(command):
    arguments, where = command("import time\n\ndef test_it():\n    print('here', flush=True)\n    time.sleep(1000)")
    process = subprocess.Popen([*arguments, "-s", "--timeout", "30"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **where)
    try:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1]
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert "in test_it" in told
