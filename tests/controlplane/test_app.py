"""What the composition root makes of the settings."""

import pytest

from controlplane.adapters.http import Clients
from controlplane.app import compression, hosts, providers
from controlplane.domain.compression import USUAL, CompressionPolicy
from controlplane.domain.kinds import KINDS
from controlplane.settings import Settings
from headgate.settings import load

OWN = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("environ", "profile", "chat", "management"),
    [
        ({}, "runtime", ("https://runtime.us-east-1.kiro.dev",), "https://management.us-east-1.kiro.dev"),
        (
            {"HEADGATE_KIRO_PROFILE": "Legacy"},
            "legacy",
            ("https://q.us-east-1.amazonaws.com", "https://codewhisperer.us-east-1.amazonaws.com"),
            "https://q.us-east-1.amazonaws.com",
        ),
        ({"HEADGATE_KIRO_API_URL": f"{OWN}/a/, {OWN}/b"}, "runtime", (f"{OWN}/a", f"{OWN}/b"), f"{OWN}/a"),
        (
            {"HEADGATE_KIRO_PROFILE": "legacy", "HEADGATE_KIRO_API_URL": OWN, "HEADGATE_KIRO_MANAGEMENT_URL": "http://m"},
            "legacy",
            (OWN,),
            "http://m",
        ),
    ],
)
def test_where_kiro_is(environ, profile, chat, management):
    found = hosts(load(Settings, environ))
    places = found.places("us-east-1")
    assert (found.profile, places.chat, places.management) == (profile, chat, management)


def test_where_the_kimi_web_site_is_and_what_it_takes():
    found = hosts(load(Settings, {}))
    assert (found.kimi_web, found.prompt_characters) == ("https://kimi-ai.chat", 500_000)
    found = hosts(load(Settings, {"HEADGATE_KIMI_WEB_URL": f"{OWN}/", "HEADGATE_KIMI_WEB_PROMPT_CHARACTERS": "2000"}))
    assert (found.kimi_web, found.prompt_characters) == (OWN, 2000)


def test_how_conversations_are_shortened():
    assert compression(load(Settings, {})) == USUAL
    environ = {
        "ENABLE_COMPRESSION": "false",
        "HEADGATE_COMPRESSION_TOKENS": "50000",
        "HEADGATE_COMPRESSION_MESSAGES": "100",
        "HEADGATE_COMPRESSION_KEEP": "10",
        "HEADGATE_SUMMARY_MODEL": "small",
    }
    found = compression(load(Settings, environ))
    assert found == CompressionPolicy(enabled=False, tokens=50_000, messages=100, keep=10, summary_model="small")


def test_fewer_messages_are_kept_than_make_a_conversation_long():
    settings = load(Settings, {"HEADGATE_COMPRESSION_KEEP": "100", "HEADGATE_COMPRESSION_MESSAGES": "100"})
    assert settings.mistakes() == ["HEADGATE_COMPRESSION_KEEP: must be less than HEADGATE_COMPRESSION_MESSAGES"]
    assert load(Settings, {}).mistakes() == []


def test_the_internal_key_is_not_one_that_clients_have():
    settings = load(Settings, {"HEADGATE_INTERNAL_KEY": "a-word-of-some-length", "PROXY_API_KEY": "a-word-of-some-length"})
    (mistake,) = settings.mistakes()
    assert mistake.startswith("HEADGATE_INTERNAL_KEY: must not be PROXY_API_KEY")
    assert "a-word-of-some-length" not in mistake
    assert load(Settings, {"HEADGATE_INTERNAL_KEY": "a-word-of-some-length", "PROXY_API_KEY": "another"}).mistakes() == []


async def test_somebody_speaks_for_every_kind():
    async with Clients() as clients:
        assert set(providers(load(Settings, {}), clients)) == set(KINDS)
