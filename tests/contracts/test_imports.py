"""Rules about the sources themselves: who imports whom, fresh stubs, and what must not be in a file."""

import compileall
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["headgate", "dataplane", "controlplane", "summarizer"]
# Of the registries packages come from; a lock file with addresses ties a build to one of them.
# Written so that this file does not match itself.
REGISTRY = re.compile(rb"(?:pythonhost[e]d|p[y]pi|npm[j]s|yarn[p]kg|deb\.debia[n]|crate[s])\.(?:org|com|io)")


def run(*command, **where):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, **where)


def test_import_contracts_hold():
    done = run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_stubs_are_what_the_contracts_make():
    done = run(sys.executable, "-m", "tests.contracts.stubs", "--check")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def copy(tmp_path):
    """The contracts and their stubs, in a place of their own."""
    shutil.copytree(ROOT / "proto", tmp_path / "proto", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "headgate/api", tmp_path / "headgate/api", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests/contracts").mkdir(parents=True)
    shutil.copy(ROOT / "tests/contracts/stubs.py", tmp_path / "tests/contracts")
    return tmp_path


def test_every_kind_of_staleness_is_seen_and_mended(copy):
    api = copy / "headgate/api"
    changed, missing, extra = api / "error/v1/detail_pb2.py", api / "error/v1/__init__.py", api / "gone/v1/gone_pb2.pyi"
    changed.write_text(changed.read_text() + "# edited by hand\n")
    missing.unlink()
    extra.parent.mkdir(parents=True)
    extra.touch()
    generate = copy / "tests/contracts/stubs.py"
    done = run(sys.executable, generate, "--check")
    assert done.returncode == 1
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == [
        "headgate/api/error/v1/__init__.py",
        "headgate/api/error/v1/detail_pb2.py",
        "headgate/api/gone/v1/gone_pb2.pyi",
    ]
    assert run(sys.executable, generate).returncode == 0
    assert run(sys.executable, generate, "--check").returncode == 0
    assert not extra.exists()
    assert changed.read_bytes() == (ROOT / "headgate/api/error/v1/detail_pb2.py").read_bytes()


def test_every_source_compiles(tmp_path):
    for package in [*PACKAGES, "tests"]:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(tmp_path, quiet=1)


def sources():
    """What is, or would be, committed."""
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_package_registry():
    naming = [path.relative_to(ROOT) for path in sources() if REGISTRY.search(path.read_bytes())]
    assert naming == []


def test_constraints_are_pins_without_addresses_in_order():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[^\s/@]+", line) for line in lines)
    assert lines == sorted(lines, key=str.lower)
