"""What endpoints of the Messages API differ in, by their host.

Anthropic's own is the model. Others take the same bodies and leave out what they do not know: what is
listed here is what they refuse, or what only Anthropic has (each provider's page on the use of Claude
Code or of Anthropic's SDK with it). A host that is not listed is taken for a relay in front of Anthropic.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from dataplane.upstreams.base import Lease

# Tokens of a Claude subscription; they are bearers, and the API takes them only with the beta.
OAUTH_TOKEN = "sk-ant-oat"  # noqa: S105 - how such a token begins
OAUTH_BETA = "oauth-2025-04-20"


@dataclass(frozen=True, slots=True)
class Host:
    """One provider.

    `bearer`: keys go into Authorization, not into x-api-key. `betas`: anthropic-beta is understood. `signs`:
    earlier thinking must be signed. `caches`: marks of `cache_control` save money. `media`: pictures and files
    as Anthropic takes them, by address too. `searches`: the hosted web search. `forms`: answers that must fit a schema.
    """

    bearer: bool = False
    betas: bool = True
    signs: bool = True
    caches: bool = True
    media: bool = True
    searches: bool = True
    forms: bool = True


def of(lease: Lease) -> Host:
    return _named(hostname(lease))


def hostname(lease: Lease) -> str:
    """Where the account lives: who signs its thinking."""
    return _hostname(lease.base_urls[0])


@lru_cache(maxsize=256)
def _hostname(url: str) -> str:
    return urlsplit(url).hostname or ""


@lru_cache(maxsize=256)
def _named(hostname: str) -> Host:
    return next((host for ending, host in HOSTS if hostname == ending or hostname.endswith(f".{ending}")), RELAY)


ANTHROPIC = Host()
RELAY = Host()
MOONSHOT = Host(bearer=True, betas=False, signs=False, caches=False, media=False, searches=False, forms=False)
DEEPSEEK = Host(betas=False, signs=False, caches=False, media=False, searches=False, forms=False)
MINIMAX = Host(bearer=True, betas=False, signs=False, media=False, searches=False, forms=False)
ZAI = Host(bearer=True, betas=False, signs=False, caches=False, media=False, searches=False, forms=False)
OPENROUTER = Host(bearer=True, betas=False, searches=False, forms=False)

# By the end of the host's name.
HOSTS: tuple[tuple[str, Host], ...] = (
    ("anthropic.com", ANTHROPIC),
    ("moonshot.ai", MOONSHOT),
    ("moonshot.cn", MOONSHOT),
    ("kimi.com", MOONSHOT),
    ("deepseek.com", DEEPSEEK),
    ("minimax.io", MINIMAX),
    ("minimaxi.com", MINIMAX),
    ("z.ai", ZAI),
    ("bigmodel.cn", ZAI),
    ("openrouter.ai", OPENROUTER),
)
