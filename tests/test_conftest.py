import socket

import pytest


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("example.test", 80)])
@pytest.mark.parametrize("call", ["connect", "connect_ex"])
def test_tests_cannot_leave_this_machine(address, call):
    with socket.socket() as trial, pytest.raises(RuntimeError, match="this machine"):
        getattr(trial, call)(address)


def test_they_can_talk_to_it(free_port):
    with socket.create_server(("127.0.0.1", free_port)), socket.create_connection(("127.0.0.1", free_port)) as peer:
        assert peer.getpeername()[1] == free_port


def test_free_ports_are_different(free_ports):
    assert len(set(free_ports(20))) == 20
