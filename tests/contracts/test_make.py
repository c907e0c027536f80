"""The Makefile and the CI script, as far as they can be tried without a network."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    "help",
    "install",
    "up",
    "demo",
    "console",
    "test",
    "check",
    "types",
    "proto",
    "screenshots",
    "bench",
    "simulate",
    "compression",
    "clean",
]


@pytest.fixture
def place(tmp_path):
    """A directory with the Makefile and what it depends on, without an environment."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def make(place, *arguments, path=None):
    # Make's own variables would turn this into a part of the make that runs the tests.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    if path is not None:
        environ["PATH"] = str(path)
    return subprocess.run([shutil.which("make"), *arguments], cwd=place, env=environ, capture_output=True, text=True, check=False)


def test_help_is_the_default_and_lists_every_target(place):
    shown = make(place).stdout
    assert re.findall(r"^  make ([a-z]+) +\S", shown, re.MULTILINE) == TARGETS
    assert make(place, "help").stdout == shown
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert phony.split() == TARGETS


# ---- which Python is taken


@pytest.fixture
def path(tmp_path):
    """A PATH with the shell's tools and no Python but the test's own."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for tool in ("sh", "touch", "mkdir"):
        (bin_ / tool).symlink_to(shutil.which(tool))
    return bin_


OLD = 'case "$2" in *version_info*) exit 1;; esac\n'
BARE = 'case "$2" in *ensurepip*) exit 1;; esac\n'
GOOD = 'case "$1" in -m) mkdir "$3"; echo made;; esac\n'


def test_no_python_is_told(place, path):
    done = make(place, ".venv/.created", path=path)
    assert done.returncode == 2
    assert "Python 3.11 or newer is needed, and none is on PATH" in done.stderr


def test_an_old_python_is_told(place, path):
    program(path / "python3", OLD)
    assert "Python 3.11 or newer is needed; python3 will not do" in make(place, ".venv/.created", path=path).stderr


def test_a_python_without_venv_is_told_with_the_remedy(place, path):
    program(path / "python3", OLD)
    program(path / "python3.12", BARE)
    done = make(place, ".venv/.created", path=path)
    assert "python3.12 cannot make virtual environments; install the venv package" in done.stderr
    assert done.returncode == 2


def test_what_only_looks_like_a_python_is_passed_over(place, path):
    program(path / "python3.11", "exit 127\n")
    program(path / "python3.12", BARE)
    program(path / "python3.13", GOOD)
    done = make(place, ".venv/.created", path=path)
    assert done.stdout == "making .venv with python3.13\nmade\n"
    assert (place / ".venv/.created").exists()
    assert make(place, ".venv/.created", path=path).stdout == "make: '.venv/.created' is up to date.\n"


# ---- what is done once, and what is passed on


@pytest.fixture
def installed(place):
    """As after `make install` and `make test`, with a `headgate` that is ours."""
    (place / ".venv/bin").mkdir(parents=True)
    program(place / ".venv/bin/python", 'echo "python $*"\n')
    for stamp in (".created", ".installed", ".installed-dev"):
        (place / ".venv" / stamp).touch()
    return place


def test_an_installed_environment_is_not_installed_again(installed):
    assert "Nothing to be done" in make(installed, "install").stdout
    assert make(installed, "test", "ARGS=-k name").stdout.splitlines()[-1] == "python -m pytest -k name"


def test_a_changed_pin_is_installed(installed):
    newer = (installed / ".venv/.installed").stat().st_mtime + 10
    os.utime(installed / "constraints.txt", (newer, newer))
    done = make(installed, "install")
    assert "installing into .venv" in done.stdout
    assert "-m pip install --quiet --disable-pip-version-check -c constraints.txt -e .[all]" in done.stdout


def test_up_passes_the_exit_code_on(installed):
    program(installed / ".venv/bin/headgate", 'echo "ran $1"; exit 2\n')
    done = make(installed, "up")
    assert "ran up" in done.stdout.splitlines()
    assert done.returncode == 2
    program(installed / ".venv/bin/headgate", "exit 0\n")
    assert make(installed, "up").returncode == 0


def test_the_ci_script_is_strict_and_runs_what_people_run():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert "make check" in text
    assert "make test" in text
    assert "make console" in text
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_nothing_that_a_part_of_ci_leaves_behind_stays(tmp_path):
    """It would hold the pipe that CI's output is read from: then this would not end."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci")
    (tmp_path / "Makefile").write_text("console:\ncheck:\n\t@sleep 1000 &\ntest:\n\t@echo tested; exit 3\n")
    environ = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run([tmp_path / ".ci/run"], capture_output=True, text=True, check=False, timeout=60, env=environ)
    assert re.search(r"outlived their part are ended:\n.*sleep 1000\n", done.stderr)
    assert done.stdout.endswith("== check\n== check: 0 s\n== test\ntested\n")
    assert done.returncode == 2, "make's code for a recipe that fails"
