"""A test that does not come to its end fails and tells where it stands; a run that does not is ended.

What stops one way of hanging lets another pass, so there are four, each behind the one before:

* pytest-timeout fails the test from within (`timeout` in pyproject.toml), after what its event loop waits for was told here.
* faulthandler ends the run (`faulthandler_timeout`) where no Python runs any more, or something caught that failure.
* Once the tests are through, the process gets EXIT_SECONDS to go. Then it tells what holds it and goes with the run's own
  code: what is left of a process is a defect, but the tests' verdict stands.
* SIGTERM, with which CI ends a run that takes too long, tells where every thread stands.
"""

import asyncio
import faulthandler
import os
import signal
import threading
import time

import pytest

# What Hypothesis tries of a test that has failed so, to find a smaller example, gets only this.
AGAIN_SECONDS = 10.0
EXIT_SECONDS = 60.0
# Past that no thread of Python's runs any more: the interpreter is being taken apart.
LAST_SECONDS = 30.0

told = pytest.StashKey()
verdict = pytest.StashKey()


def pytest_configure(config):
    # Not sys.stderr: while a test runs that is captured, and what is captured is lost with the process.
    config.stash[told] = os.fdopen(os.dup(2), "w")
    config.stash[verdict] = pytest.ExitCode.INTERNAL_ERROR
    if hasattr(faulthandler, "register"):  # Windows has none
        faulthandler.register(signal.SIGTERM, file=config.stash[told], chain=True)


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item, settings):
    """Tell of the tasks before pytest-timeout tells of the threads and fails the test."""
    done = yield
    if settings.method == "signal":
        fail = signal.getsignal(signal.SIGALRM)

        def tell_and_fail(number, frame):
            __tracebackhide__ = True
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            stop(item.nodeid, item.config.stash[told])
            fail(number, frame)

        signal.signal(signal.SIGALRM, tell_and_fail)
    return done


def stop(name, file):
    """Stop the event loop that the test runs, if it does, and tell what its tasks wait for."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    # A failure that is raised under uvloop would be logged there, and the loop go on.
    loop.stop()
    print(f"\n{name} takes too long; the tasks of its event loop:", file=file)
    for task in asyncio.all_tasks(loop):
        print(f"{task!r}", file=file)
        for frame in awaited(task.get_coro()):
            print(f'  File "{frame.f_code.co_filename}", line {frame.f_lineno}, in {frame.f_code.co_name}', file=file)
    file.flush()


def awaited(coroutine):
    """The frames of what waits, outermost first; Task.get_stack knows that one alone."""
    while coroutine is not None:
        kinds = [kind for kind in ("cr", "gi", "ag") if hasattr(coroutine, f"{kind}_frame")]
        if not kinds:
            return
        if frame := getattr(coroutine, f"{kinds[0]}_frame"):
            yield frame
        coroutine = getattr(coroutine, "gi_yieldfrom" if kinds[0] == "gi" else f"{kinds[0]}_await")


def pytest_sessionfinish(session, exitstatus):
    session.config.stash[verdict] = exitstatus


def pytest_unconfigure(config):
    file = config.stash[told]
    threading.Thread(target=leave, args=(int(config.stash[verdict]), file), daemon=True).start()
    faulthandler.dump_traceback_later(EXIT_SECONDS + LAST_SECONDS, file=file, exit=True)


def leave(code, file):
    """End the process unless it ends by itself."""
    time.sleep(EXIT_SECONDS)
    print(f"THE TESTS ENDED {EXIT_SECONDS:g} s AGO, BUT THEIR PROCESS STAYS. Where its threads are:", file=file, flush=True)
    faulthandler.dump_traceback(file=file)
    os._exit(code)
