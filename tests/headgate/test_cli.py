"""The `headgate` command, as it is typed."""

import os
import re
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import headgate
from headgate import options
from headgate.cli import main, settings, up
from headgate.settings import load

ROOT = Path(__file__).parents[2]


def command(*arguments, cwd, **environ):
    """Run it in an environment of its own; returns (exit code, standard output, standard error)."""
    done = subprocess.run(
        [sys.executable, "-m", "headgate", *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"headgate {headgate.__version__}\n"
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == headgate.__version__


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["up", "--nonsense"]])
def test_what_it_does_not_know_it_refuses(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: headgate" in capsys.readouterr().err


def test_the_command_is_light():
    """It starts within the launcher's budget only as long as it does not load gRPC or a web server."""
    code = "import sys, headgate.cli, headgate.cli.up, headgate.cli.settings, headgate.cli.explain; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert not {"grpc", "uvicorn", "google.protobuf", "prometheus_client", "dataplane", "controlplane", "summarizer"} & set(loaded)


# ---- headgate settings


def test_settings_show_value_and_origin_and_no_secret(capsys):
    environ = {"PORT": "9000", "API_MASTER_KEY": "hush-hush"}
    merged = environ | {"LOG_LEVEL": "debug", "HEADGATE_IDLE_SECONDS": "7.50", "ADMIN_PASSWORD": "hush-too"}
    assert settings.show(environ, merged) == 0
    shown = capsys.readouterr().out
    assert "hush" not in shown
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert rows["PORT"] == ["9000", "environment"]
    assert rows["PROXY_API_KEY"] == ["***", "environment,", "as", "API_MASTER_KEY"]
    assert rows["ADMIN_PASSWORD"] == ["***", ".env"]
    assert rows["LOG_LEVEL"] == ["DEBUG", ".env"]
    assert rows["HEADGATE_IDLE_SECONDS"] == ["7.5", ".env"]
    assert rows["ENABLE_COMPRESSION"] == ["true", "default"]
    assert rows["HEADGATE_CONTROL_ADDR"] == ["127.0.0.1:50051", "default"]
    assert rows["HEADGATE_RPC_TOKEN"] == ["-", "not", "set"]
    assert list(rows) == [option.name for option in options.TABLE]


def test_settings_tell_mistakes_after_the_table(capsys):
    assert settings.show({"PORT": "x", "ADMIN_PASSWORD": "y"}, {"PORT": "x", "ADMIN_PASSWORD": "y"}) == 2
    said = capsys.readouterr()
    assert "x (wrong)" in said.out
    assert "  - PORT: 'x' is not a whole number" in said.err


def test_settings_as_a_command_read_the_file(tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nADMIN_PASSWORD=hush\n")
    code, out, _ = command("settings", cwd=tmp_path, LOG_LEVEL="ERROR")
    assert code == 0
    assert re.search(r"^PORT +9001 +\.env$", out, re.MULTILINE)
    assert re.search(r"^LOG_LEVEL +ERROR +environment$", out, re.MULTILINE)
    assert "hush" not in out


def test_the_reference_page_is_what_the_table_makes():
    assert (ROOT / "docs/settings.md").read_text() == settings.reference(), "run: headgate settings --markdown > docs/settings.md"


def test_the_reference_names_every_setting_and_alias(capsys):
    assert main(["settings", "--markdown"]) == 0
    page = capsys.readouterr().out
    for option in options.TABLE:
        assert all(f"`{name}`" in page for name in (option.name, *option.aliases))
        assert option.meaning.partition("|")[0] in page


# ---- headgate up


def test_the_control_plane_gets_the_time_that_its_own_end_may_take():
    given = next(child.grace_seconds for child in up.children(load(up.Settings, {})) if child.name == "the control plane")
    # The listeners one after another, trades of tokens, and the ledger.
    assert given > 5 + 5 + 10 + 20


def test_secrets_between_the_services_are_made_anew_unless_they_are_set():
    names = (options.RPC_TOKEN.name, options.INTERNAL_KEY.name)
    made = [up.prepared({}) for _ in range(2)]
    assert all(made[0][name] != made[1][name] for name in names)
    assert re.fullmatch(r"hgi-[0-9a-f]{48}", made[0][options.INTERNAL_KEY.name])
    own = dict.fromkeys(names, "my own")
    assert up.prepared(own).items() >= own.items()


# Stands in the working directory, where `python -m` finds it before the real service.
SERVICE = """
import os, runpy, sys
print({module!r}, "has", os.environ["HEADGATE_RPC_TOKEN"], os.environ["EXTRA"])
sys.argv = [{fake!r}, {module!r}, os.environ[{port!r}], {diary!r}]
runpy.run_path({fake!r}, run_name="__main__")
"""
PORTS = {"controlplane": "HEADGATE_CONSOLE_PORT", "summarizer": "HEADGATE_SUMMARIZER_HTTP_PORT", "dataplane": "PORT"}


@pytest.fixture
def place(tmp_path, free_ports):
    """A working directory with stand-ins for the services, and its free ports in `.env`."""
    *http, control, summarizer = free_ports(5)
    lines = [f"{name}={port}" for name, port in zip(PORTS.values(), http, strict=True)]
    lines += [f"HEADGATE_CONTROL_ADDR=127.0.0.1:{control}", f"HEADGATE_SUMMARIZER_ADDR=127.0.0.1:{summarizer}", "EXTRA=from-file"]
    (tmp_path / ".env").write_text("\n".join(lines))
    fake = str(Path(__file__).with_name("fake_service.py"))
    for module, port in PORTS.items():
        text = SERVICE.format(module=module, fake=fake, port=port, diary=str(tmp_path / "diary"))
        (tmp_path / f"{module}.py").write_text(text)
    return tmp_path


@pytest.mark.slow
def test_up_starts_all_says_where_to_go_and_stops_in_order(place):
    process = subprocess.Popen(
        [sys.executable, "-m", "headgate", "up"],
        cwd=place,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            lines = []
            while not lines or "Console" not in lines[-1]:
                lines.append(process.stdout.readline())
                assert lines[-1], process.stderr.read()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()  # or `with` would wait for it
    port = re.search(r"^PORT=(\d+)$", (place / ".env").read_text(), re.MULTILINE)[1]
    said = "".join(lines)
    assert f"OPENAI_BASE_URL=http://127.0.0.1:{port}/v1\n" in said
    assert f"ANTHROPIC_BASE_URL=http://127.0.0.1:{port}\n" in said
    # One secret, made for this start, for all three; and the file's other variables.
    tokens = set(re.findall(r"has ([0-9a-f]{64}) from-file", said))
    assert len(tokens) == 1
    assert said.count("from-file") == 3
    asked = [line.split()[0] for line in (place / "diary").read_text().splitlines() if " asked " in line]
    assert asked == ["dataplane", "summarizer", "controlplane"]


@pytest.mark.slow
def test_up_with_mistakes_tells_all_and_starts_nothing(place):
    code, out, err = command("up", cwd=place, LOG_LEVEL="loud", PORT="0", HEADGATE_DATA_DIR="/dev/null/data")
    assert code == 2
    assert out == ""
    assert err.startswith("headgate: settings are wrong:\n")
    for name in ("LOG_LEVEL", "PORT", "HEADGATE_DATA_DIR"):
        assert f"\n  - {name}: " in err
    assert not (place / "diary").exists()


@pytest.mark.slow
def test_up_refuses_a_well_known_secret_where_others_can_reach_it(place):
    code, _, err = command("up", cwd=place, HEADGATE_HOST="0.0.0.0", ADMIN_PASSWORD="admin")
    assert code == 1
    assert "ADMIN_PASSWORD: a well-known value must not be used with HEADGATE_HOST=0.0.0.0" in err
    assert not (place / "diary").exists()


@pytest.mark.slow
def test_up_ends_with_2_when_a_service_refuses_its_settings(place):
    (place / "summarizer.py").write_text("import sys; print('summarizer: settings are wrong', file=sys.stderr); sys.exit(2)")
    code, _, err = command("up", cwd=place)
    assert code == 2
    assert "summarizer: settings are wrong" in err
    assert err.endswith("headgate: the summarizer refuses its settings; its message is above\n")
