"""Pages that a web search found, as citations in the answer's text."""

import re
from collections.abc import Iterable
from typing import Any

from dataplane.conversation.model import Hit, Search

# What would make an address that is found in the text another, longer one.
CONTINUES = r"(?![\w/?#%&=~+-])"


def citations(searches: Iterable[Search], text: str) -> list[dict[str, Any]]:
    """One citation for each page, in the order they were found."""
    pages: dict[str, Hit] = {}
    for search in searches:
        for hit in search.hits:
            pages.setdefault(hit.url, hit)
    return [citation(hit, text) for hit in pages.values()]


def citation(hit: Hit, text: str) -> dict[str, Any]:
    """Where the text names the page, as [start, end) in characters; a page it does not name stands at its end."""
    found = re.search(re.escape(hit.url) + CONTINUES, text) if hit.url else None
    start, end = found.span() if found else (len(text), len(text))
    return {"end_index": end, "start_index": start, "title": hit.title, "url": hit.url}
