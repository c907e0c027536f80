"""What the composition root makes of the settings."""

import pytest

from controlplane.adapters.http import Clients
from controlplane.app import hosts, providers
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


async def test_somebody_speaks_for_every_kind():
    async with Clients() as clients:
        assert set(providers(load(Settings, {}), clients)) == set(KINDS)
