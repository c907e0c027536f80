"""The choice among tools, and the hosted web search, as both protocols spell them."""

from msgspec import Struct

from dataplane.conversation.features import Feature
from dataplane.conversation.model import ToolChoice, WebSearch
from dataplane.dialects.openai.findings import Findings
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import RawMember, asks, written

# The kind has been dated and renamed: web_search, web_search_preview, web_search_2025_08_26.
WEB_SEARCH = "web_search"
# What a choice of the hosted search calls it, as long as no function has the name.
SEARCH_NAME = "web_search"
# What asks for no more or less than any search gives, as JSON text.
USUAL_CONTEXT = frozenset({b"", b"null", b'""', b'"medium"'})
# "any" is Anthropic's word for "required"; clients that speak both sometimes mix them up.
MODES = frozenset({"auto", "none", "required", "any"})


class Filters(Struct, forbid_unknown_fields=True, gc=False):
    """Which hosts a web search may look at."""

    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None


def filtered(filters: Filters | None, where: str, findings: Findings) -> WebSearch:
    """The search within its filters, which stand at `where`."""
    search = WebSearch()
    if filters is not None and filters.allowed_domains:
        search.allowed_domains = filters.allowed_domains
        findings.ask(Feature.WEB_SEARCH_DOMAINS, f"{where}.allowed_domains")
    if filters is not None and filters.blocked_domains:
        search.blocked_domains = filters.blocked_domains
        findings.ask(Feature.WEB_SEARCH_DOMAINS, f"{where}.blocked_domains")
    return search


def unseated(context_size: RawMember, location: RawMember, where: str, findings: Findings) -> None:
    """What else can be asked of a search, and has no seat."""
    if written(context_size) not in USUAL_CONTEXT:
        findings.drop(f"{where}.search_context_size")
    if asks(location):
        findings.drop(f"{where}.user_location")


def mode(asked: str, where: str, parallel: bool) -> ToolChoice:
    """A choice given by one word."""
    if asked == "auto":
        return ToolChoice("auto", parallel=parallel)
    if asked == "none":
        return ToolChoice("none", parallel=parallel)
    if asked in MODES:
        return ToolChoice("required", parallel=parallel)
    raise InvalidRequest("A choice must be 'auto', 'none', 'required' or name a function.", param=where)
