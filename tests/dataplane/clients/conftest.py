"""Sockets behave by the loop that owns them: what has sockets of its own is tested on both loops."""

import asyncio

import pytest
import uvloop
from cryptography.hazmat.primitives import serialization

from tests.dataplane.clients.certificates import certificate

ON_BOTH = {"test_transport.py", "test_answers.py", "test_dialling.py", "test_proxies.py"}


def pytest_asyncio_loop_factories(config, item):
    plain = {"asyncio": asyncio.new_event_loop}
    return plain | {"uvloop": uvloop.new_event_loop} if item.path.name in ON_BOTH else plain


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """An authority that this process trusts."""
    made = certificate("authority.test")
    path = tmp_path / "authority.pem"
    path.write_bytes(made[0].public_bytes(serialization.Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return made
