import pytest

from dataplane.catalogue import Catalogue
from dataplane.ports import ModelFacts, Policy


def facts(kind, id, *aliases, window=0):
    return ModelFacts(kind, id, id, window, 0, aliases, 0)


def test_each_name_is_listed_once_as_the_first_that_has_it():
    kiro, openai = facts("kiro", "gpt-5.6-sol", "fast", "gpt-4.1"), facts("openai", "gpt-5.6-sol", "fast", "slow")
    other = facts("openai", "gpt-4.1", window=7)
    catalogue = Catalogue()
    assert not catalogue.known
    catalogue.replace([kiro, openai, other])
    assert catalogue.known
    assert dict(catalogue.offered(())) == {"gpt-5.6-sol": kiro, "gpt-4.1": other, "fast": kiro, "slow": openai}
    assert catalogue.find("gpt-4.1", ()) is other
    assert catalogue.find("fast", ("gpt-*",)) is None
    assert [name for name, _ in catalogue.offered(("gpt-*",))] == ["gpt-5.6-sol", "gpt-4.1"]


def test_nothing_is_shortened_until_the_first_snapshot_says_so():
    catalogue, policy = Catalogue(), Policy(enabled=True, tokens=5)
    assert not catalogue.compression.enabled
    catalogue.replace([], policy)
    assert catalogue.compression is policy
    catalogue.replace([])
    assert not catalogue.compression.enabled


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("claude-sonnet-4.5", 200_000),
        ("claude-sonnet-4-5", 200_000),
        ("kiro/claude-sonnet-4.5", 200_000),
        ("my account/claude-sonnet-4.5-thinking", 200_000),
        # A thinking variant that is a model of its own is that model.
        ("kimi-k2", 128_000),
        ("kimi-k2-thinking", 256_000),
        ("kiro/kimi-k2-thinking", 256_000),
        # An id may have a stroke in it, behind a kind or not.
        ("moonshotai/Kimi-K2", 60_000),
        ("kimi-web/moonshotai/Kimi-K2", 60_000),
        # The wide variant: a model by itself, or of a model whose window is not told, or as much as it has.
        ("claude-sonnet-4.5[1m]", 200_000),
        ("claude-opus-5[1m]", 1_000_000),
        ("kiro/claude-opus-5-thinking[1m]", 1_000_000),
        ("huge[1m]", 1_000_000),
        ("huge", 2_000_000),
        ("untold[1m]", 1_000_000),
        ("nobody-knows-it[1m]", 1_000_000),
        ("untold", 0),
        ("nobody-knows-it", 0),
        ("kiro/", 0),
        ("/", 0),
        ("", 0),
        ("[1m]", 1_000_000),
    ],
)
def test_what_a_name_tells_of_the_window(name, window):
    catalogue = Catalogue()
    catalogue.replace(
        [
            facts("kiro", "claude-sonnet-4.5", "claude-sonnet-4-5", window=200_000),
            facts("anthropic", "claude-sonnet-4.5", window=1_000_000),
            facts("kiro", "claude-opus-5", window=200_000),
            facts("kiro", "claude-opus-5-1m", window=1_000_000),
            facts("openai", "kimi-k2", window=128_000),
            facts("openai", "kimi-k2-thinking", window=256_000),
            facts("kimi-web", "moonshotai/Kimi-K2", window=60_000),
            facts("openai", "huge", window=2_000_000),
            facts("openai", "untold"),
        ]
    )
    assert catalogue.window(name) == window


def test_no_window_is_known_before_the_first_snapshot():
    assert Catalogue().window("claude-sonnet-4.5") == 0
