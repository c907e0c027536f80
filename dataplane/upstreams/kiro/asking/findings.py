"""What a web search found, as the model reads it."""

from dataplane.conversation.model import Hit, Search


def told(search: Search) -> str:
    """What the model reads of a search: every hit in full, or in words why there are none."""
    if search.error:
        return f'The web search for "{search.query}" failed: {_ERRORS.get(search.error, search.error)}'
    if not search.hits:
        return f'The web search for "{search.query}" found nothing.'
    found = [_told(number, hit) for number, hit in enumerate(search.hits, 1)]
    return "\n\n".join([f'Web search results for "{search.query}":', *found])


def _told(number: int, hit: Hit) -> str:
    lines = [f"{number}. {hit.title or hit.url}", f"URL: {hit.url}", f"Date: {hit.age}" if hit.age else "", hit.text]
    return "\n".join(filter(None, lines))


# Anthropic's codes in words for the model.
_ERRORS = {
    "too_many_requests": "there were too many searches in a short time.",
    "invalid_tool_input": "the query is missing or empty.",
    "max_uses_exceeded": "no more searches are allowed for this answer. Answer with what is known.",
    "query_too_long": "the query is too long.",
    "unavailable": "the search is not available at the moment.",
}
