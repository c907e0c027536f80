"""Where upstreams are: Kiro's host profiles as data, the addresses that the settings make of them, and the
kimi-web site's. Other kinds have theirs in `domain.kinds`.

A profile is a generation of hosts. Its generations also differ in what they call a valid request, which
is the data plane's business: it is told the profile's name with each lease (Kiro rules, hosts).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MARK = "{region}"


@dataclass(frozen=True, slots=True)
class Profile:
    """One generation. `dashed`: its control paths may be spelled with dashes (Kiro rules, 3.2)."""

    chat: tuple[str, ...]
    management: str
    dashed: bool


@dataclass(frozen=True, slots=True)
class Places:
    """The addresses for one region; `chat` in the configured order, never empty."""

    chat: tuple[str, ...]
    management: str


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts in force. `{region}` in an address of Kiro's stands for the account's API region. `kimi_web` is
    the site, which takes prompts of so many characters.
    """

    profile: str
    chat: tuple[str, ...]
    management: str
    dashed: bool
    kimi_web: str = "https://kimi-ai.chat"
    prompt_characters: int = 500_000

    @classmethod
    def chosen(cls, profile: str, chat: Sequence[str] | None = None, management: str | None = None) -> "Hosts":
        """What the settings mean: a chat address of one's own serves the control calls too, unless they
        have an address of their own. KeyError for a profile that there is not.
        """
        usual = PROFILES[profile]
        urls = tuple(chat or usual.chat)
        control = usual.management if urls[0] == usual.chat[0] else urls[0]
        return cls(profile, urls, management or control, usual.dashed)

    def places(self, region: str, own: str = "") -> Places:
        """Kiro's addresses for an account; `own` is the chat address that it has for itself."""
        urls = (own,) if own else self.chat
        there = [url for url in urls if region in ONLY_IN.get(url, (region,))]
        return Places(tuple(url.replace(MARK, region) for url in there or urls), self.management.replace(MARK, region))


PROFILES: Mapping[str, Profile] = {
    "runtime": Profile(("https://runtime.{region}.kiro.dev",), "https://management.{region}.kiro.dev", dashed=True),
    "legacy": Profile(
        ("https://q.{region}.amazonaws.com", "https://codewhisperer.{region}.amazonaws.com"),
        "https://q.{region}.amazonaws.com",
        dashed=False,
    ),
}

# Hosts that chat in some regions only (Kiro wire notes, chat endpoints).
ONLY_IN: Mapping[str, Sequence[str]] = {"https://codewhisperer.{region}.amazonaws.com": ("us-east-1",)}
