"""Everything that would keep the services from starting is told at once, before any of them is started."""

import socket
from contextlib import ExitStack

import pytest

from headgate import preflight

NAMES = ["PORT", "HEADGATE_CONSOLE_PORT", "HEADGATE_SUMMARIZER_HTTP_PORT", "HEADGATE_CONTROL_ADDR", "HEADGATE_SUMMARIZER_ADDR"]


@pytest.fixture
def environ(tmp_path, free_ports):
    http, console, status, control, summarizer = free_ports(5)
    return {
        "HEADGATE_DATA_DIR": str(tmp_path / "deep" / "data"),
        "PORT": str(http),
        "HEADGATE_CONSOLE_PORT": str(console),
        "HEADGATE_SUMMARIZER_HTTP_PORT": str(status),
        "HEADGATE_CONTROL_ADDR": f"127.0.0.1:{control}",
        "HEADGATE_SUMMARIZER_ADDR": f"127.0.0.1:{summarizer}",
    }


def test_a_good_environment_has_none_and_gets_its_private_data_directory(environ, tmp_path):
    assert preflight.mistakes(environ) == []
    assert (tmp_path / "deep/data").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "deep/data").iterdir()) == []


def test_every_busy_address_is_told_with_the_setting_that_names_it(environ):
    with ExitStack() as stack:
        for name in NAMES:
            stack.enter_context(socket.create_server(("127.0.0.1", int(environ[name].rpartition(":")[2]))))
        mistakes = preflight.mistakes(environ)
    assert len(mistakes) == 5
    for name, mistake in zip(NAMES, mistakes, strict=True):
        port = environ[name].rpartition(":")[2]
        assert mistake == f"{name}: 127.0.0.1:{port}: Address already in use; stop what listens there or choose another"


def test_the_defaults_are_the_contract_s():
    assert [(each.host, each.port) for each in preflight.listeners({})] == [
        ("127.0.0.1", 8000),
        ("127.0.0.1", 8001),
        ("127.0.0.1", 8002),
        ("127.0.0.1", 50051),
        ("127.0.0.1", 50052),
    ]


def test_where_grpc_binds_may_be_said_apart_from_where_it_is_dialled():
    environ = {"HEADGATE_HOST": "0.0.0.0", "HEADGATE_CONTROL_ADDR": "plane.lan:6000", "HEADGATE_SUMMARIZER_LISTEN": "[::1]:6001"}
    assert list(preflight.listeners(environ))[3:] == [
        preflight.Listener("HEADGATE_CONTROL_ADDR", "0.0.0.0", 6000),
        preflight.Listener("HEADGATE_SUMMARIZER_LISTEN", "::1", 6001),
    ]


def test_two_services_cannot_share_an_address(environ):
    environ["HEADGATE_CONSOLE_PORT"] = environ["PORT"]
    assert preflight.mistakes(environ) == [f"PORT and HEADGATE_CONSOLE_PORT: cannot share 127.0.0.1:{environ['PORT']}"]


def test_a_host_of_another_machine_is_a_mistake(environ):
    mistakes = preflight.mistakes(environ | {"HEADGATE_HOST": "192.0.2.1"})
    assert f"PORT: 192.0.2.1:{environ['PORT']}: Cannot assign requested address" in mistakes
    assert len(mistakes) == 5


def test_a_data_directory_that_is_a_file_is_a_mistake(environ, tmp_path):
    (tmp_path / "file").touch()
    for path, reason in ((tmp_path / "file", "File exists"), (tmp_path / "file" / "data", "Not a directory")):
        environ["HEADGATE_DATA_DIR"] = str(path)
        assert preflight.mistakes(environ) == [f"HEADGATE_DATA_DIR: {str(path)!r} cannot be made or written to: {reason}"]


def test_mistakes_of_all_kinds_are_told_together(environ, tmp_path):
    (tmp_path / "file").touch()
    wrong = {"HEADGATE_DATA_DIR": str(tmp_path / "file"), "LOG_LEVEL": "loud", "HEADGATE_SUMMARIZER_HTTP_PORT": "no", "HEADGATE_HOTS": "x"}
    with socket.create_server(("127.0.0.1", int(environ["PORT"]))):
        mistakes = preflight.mistakes(environ | wrong)
    assert [mistake.partition(":")[0] for mistake in mistakes] == [
        "LOG_LEVEL",
        "HEADGATE_SUMMARIZER_HTTP_PORT",
        "HEADGATE_HOTS",
        "HEADGATE_DATA_DIR",
        "PORT",
    ]
