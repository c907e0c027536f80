"""What the composition root makes of the settings."""

import pytest

from controlplane.app import hosts
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
