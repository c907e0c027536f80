import pytest

from controlplane.policy.hosts import PROFILES, Hosts, Places

Q, CW = "https://q.{region}.amazonaws.com", "https://codewhisperer.{region}.amazonaws.com"
RUNTIME, MANAGEMENT = "https://runtime.{region}.kiro.dev", "https://management.{region}.kiro.dev"
OWN, SECOND, CONTROL = "http://own.test", "http://second.test", "http://control.test"


@pytest.mark.parametrize(
    ("profile", "chat", "management", "made"),
    [
        ("runtime", None, None, ((RUNTIME,), MANAGEMENT, True)),
        ("legacy", None, None, ((Q, CW), Q, False)),
        ("runtime", (OWN, SECOND), None, ((OWN, SECOND), OWN, True)),
        ("legacy", (OWN,), None, ((OWN,), OWN, False)),
        ("runtime", (OWN,), CONTROL, ((OWN,), CONTROL, True)),
        ("legacy", None, CONTROL, ((Q, CW), CONTROL, False)),
        # who writes the usual address out means the usual
        ("runtime", (RUNTIME, OWN), None, ((RUNTIME, OWN), MANAGEMENT, True)),
    ],
)
def test_what_the_settings_mean(profile, chat, management, made):
    hosts = Hosts.chosen(profile, chat, management)
    assert (hosts.profile, hosts.chat, hosts.management, hosts.dashed) == (profile, *made)


def test_a_profile_that_there_is_not():
    with pytest.raises(KeyError):
        Hosts.chosen("newest")


def test_a_host_that_is_in_one_region_only_is_left_out_in_others():
    hosts = Hosts.chosen("legacy")
    here = ("https://q.us-east-1.amazonaws.com", "https://codewhisperer.us-east-1.amazonaws.com")
    assert hosts.places("us-east-1") == Places(here, "https://q.us-east-1.amazonaws.com")
    assert hosts.places("eu-central-1") == Places(("https://q.eu-central-1.amazonaws.com",), "https://q.eu-central-1.amazonaws.com")


def test_an_account_is_never_without_an_address():
    assert Hosts.chosen("legacy", (CW,)).places("eu-central-1").chat == ("https://codewhisperer.eu-central-1.amazonaws.com",)


def test_an_account_s_own_address_replaces_those_for_chat_only():
    places = Hosts.chosen("runtime").places("eu-central-1", "https://own.{region}.test")
    assert places == Places(("https://own.eu-central-1.test",), "https://management.eu-central-1.kiro.dev")


def test_every_profile_fills_every_region_in():
    for name in PROFILES:
        for region in ("us-east-1", "eu-central-1"):
            places = Hosts.chosen(name).places(region)
            assert places.chat
            assert not any("{" in url for url in (*places.chat, places.management))
