"""`python -m tests.contracts.stubs` makes headgate/api from proto/; `--check` says whether it is fresh.

The outcome depends on the contracts and the version of grpcio-tools alone (constraints.txt).
"""

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]  # publishes no types

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "proto"
API = Path("headgate/api")


def generate(into: Path) -> None:
    """Write the stubs of all contracts under `into`, each directory a package."""
    contracts = sorted(path.relative_to(CONTRACTS).as_posix() for path in CONTRACTS.rglob("*.proto"))
    well_known = str(files("grpc_tools") / "_proto")
    places = [f"--{kind}_out={into}" for kind in ("python", "pyi", "grpc_python")]
    if protoc.main(["protoc", f"-I{CONTRACTS}", f"-I{well_known}", *places, *contracts]) != 0:
        raise SystemExit("the contracts do not compile; protoc's message is above")
    for directory in (into / API, *(into / API).rglob("*")):
        if directory.is_dir():
            (directory / "__init__.py").touch()


def stale(fresh: Path, root: Path) -> list[Path]:
    """Paths that differ between freshly made stubs and those under `root`, or are on one side only."""
    names = {path.relative_to(base) for base in (fresh, root) for path in (base / API).rglob("*.py*") if "__pycache__" not in path.parts}
    return sorted(name for name in names if _bytes(fresh / name) != _bytes(root / name))


def replace(fresh: Path, root: Path, names: list[Path]) -> None:
    """Bring `names` under `root` to their fresh state; what no contract makes any more is removed."""
    for name in names:
        content = _bytes(fresh / name)
        if content is None:
            (root / name).unlink()
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as directory:
        fresh = Path(directory)
        generate(fresh)
        names = stale(fresh, ROOT)
        if "--check" not in arguments:
            replace(fresh, ROOT, names)
            return 0
    for name in names:
        print(f"{name} is not what its contract makes; run make proto", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
