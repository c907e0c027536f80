"""Kiro's three kinds of reports into one usage record.

In order of trust: token counts (rare), the share of the context window the answer ended with, our
own estimate. Source: Kiro wire notes, response quirks Q20 to Q22.
"""

from dataplane.conversation.estimate import ASCII_PER_TOKEN, text_tokens
from dataplane.conversation.events import Source, Usage


class Meter:
    """Collects what is known about one answer."""

    def __init__(self) -> None:
        self.credits = 0.0
        self.percentage: float | None = None
        self._text = 0.0
        self._reasoning = 0.0
        self._reported: Usage | None = None

    def wrote(self, text: str) -> None:
        # Most text is ASCII; for it the estimate is one division.
        self._text += len(text) / ASCII_PER_TOKEN if text.isascii() else text_tokens(text)

    def thought(self, text: str) -> None:
        self._reasoning += text_tokens(text)

    def report(self, fresh: float, cache_read: float, cache_write: float, output: float) -> None:
        """The upstream's own counts."""
        self._reported = Usage(
            input=int(fresh),
            cache_read=int(cache_read),
            cache_write=int(cache_write),
            output=int(output),
            input_source=Source.UPSTREAM,
            output_source=Source.UPSTREAM,
        )

    def usage(self, input_estimate: int, context_window: int) -> Usage:
        """The best figures there are; `context_window` in tokens, 0 when unknown."""
        reasoning = round(self._reasoning)
        if self._reported:
            usage = self._reported
        else:
            usage = Usage(input=input_estimate, output=round(self._text + self._reasoning))
            # The share counts the whole window, this answer included.
            prompt = round((self.percentage or 0.0) * context_window / 100) - usage.output
            if prompt > 0:
                usage.input, usage.input_source = prompt, Source.DERIVED
        usage.reasoning = min(reasoning, usage.output)
        usage.credits = self.credits
        return usage
