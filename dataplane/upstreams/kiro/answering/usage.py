"""Kiro's three kinds of reports into one usage record.

In order of trust: token counts (rare), the share of the context window the answer ended with, our
own estimate. Source: Kiro wire notes, response quirks Q20 to Q22. An answer of several streams (the
model searched the web) is the sum of them, prompts included: each was sent, and is paid for.
"""

from collections.abc import Iterable

from dataplane.conversation.events import FinishReason, Source, Usage
from dataplane.upstreams.kiro.answering.payloads import MOST_CREDITS, Metadata, Metering
from headgate.tokens import ASCII_PER_TOKEN, text_tokens


class Meter:
    """Collects what is known about one answer.

    `input_estimate` and `context_window` are tokens, the window 0 when unknown.
    """

    def __init__(self, input_estimate: int, context_window: int) -> None:
        self.credits = 0.0
        self.searches = 0
        self._estimate = input_estimate
        self._window = context_window
        self._before: Usage | None = None
        # Tokens that earlier streams wrote, and whether each of them told what it cost.
        self._earlier = 0.0
        self._priced = True
        self._begin()

    def _begin(self) -> None:
        """Nothing is known about this stream yet."""
        # Whether any of the closing reports came.
        self._closed = False
        self._metered = False
        self._stop_reason = ""
        self._percentage: float | None = None
        self._text = 0.0
        self._reasoning = 0.0
        self._beyond = 0.0
        self._reported: Usage | None = None

    @property
    def written(self) -> float:
        """Tokens of output by our own count, of all streams."""
        return self._earlier + self._text + self._reasoning

    def wrote(self, text: str) -> None:
        # Most text is ASCII; for it the estimate is one division.
        self._text += len(text) / ASCII_PER_TOKEN if text.isascii() else text_tokens(text)

    def thought(self, text: str) -> None:
        self._reasoning += text_tokens(text)

    def was_thinking(self, text: str) -> None:
        """What was written turned out to be thinking."""
        tokens = text_tokens(text)
        self._text -= tokens
        self._reasoning += tokens

    def wrote_beyond(self, text: str) -> None:
        """Written after the answer was over: no output, but part of the window's share."""
        self._beyond += text_tokens(text)

    def truncate(self, tokens: float) -> None:
        """The last `tokens` of what was written are beyond the end."""
        self._text -= tokens
        self._beyond += tokens

    def metadata(self, metadata: Metadata) -> None:
        self._closed = True
        self._stop_reason = metadata.stop_reason or self._stop_reason
        if metadata.percentage is not None:
            self._percentage = metadata.percentage
        if metadata.uncached_input is not None and metadata.output is not None:
            self._reported = Usage(
                input=metadata.uncached_input,
                cache_read=metadata.cache_read or 0,
                cache_write=metadata.cache_write or 0,
                output=metadata.output,
                input_source=Source.UPSTREAM,
                output_source=Source.UPSTREAM,
            )

    def context_usage(self, percentage: float | None) -> None:
        self._closed = True
        if percentage is not None:
            self._percentage = percentage

    def metering(self, metering: Metering) -> None:
        """May come several times, and adds up (Q22)."""
        self._closed = True
        if metering.unit.lower() == "credit":
            self._metered = True
            self.credits = min(self.credits + metering.amount, MOST_CREDITS)

    def ended(self) -> FinishReason | None:
        """How the upstream says that the stream ended; None when no closing report came (Q1)."""
        said = _STOP_REASONS.get(self._stop_reason, "stop")
        if said != "stop":
            return said
        if (self._percentage or 0) >= 100:
            return "context_exceeded"
        return "stop" if self._closed else None

    def resume(self, told: Iterable[str]) -> None:
        """Another stream begins: what was said so far is part of its prompt, and so is what the model was `told`."""
        stream, self._before = self._stream(0.0), self.usage()
        prompt = stream.input + stream.cache_read + stream.cache_write
        self._estimate = prompt + stream.output + round(sum(map(text_tokens, told)))
        self._earlier, self._priced = self.written, self._priced and self._metered
        self._begin()

    def usage(self, unfinished: float = 0.0) -> Usage:
        """The best figures there are; `unfinished` are tokens that were written, but not yet counted."""
        usage = self._stream(unfinished)
        if self._before:
            usage = _sum(self._before, usage)
        usage.credits, usage.searches = self.credits, self.searches
        usage.credits_source = Source.UPSTREAM if self._priced and self._metered else None
        return usage

    def _stream(self, unfinished: float) -> Usage:
        """The figures of the latest stream."""
        if said := self._reported:
            usage = Usage(said.input, said.cache_read, said.cache_write, said.output)
            usage.input_source, usage.output_source = said.input_source, said.output_source
        else:
            usage = Usage(input=self._estimate, output=round(self._text + unfinished + self._reasoning))
            # The share counts the whole window, this answer included (Q21).
            prompt = round((self._percentage or 0.0) * self._window / 100 - self._beyond) - usage.output
            if prompt > 0:
                usage.input, usage.input_source = prompt, Source.DERIVED
        usage.reasoning = min(round(self._reasoning), usage.output)
        return usage


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        input=one.input + other.input,
        cache_read=one.cache_read + other.cache_read,
        cache_write=one.cache_write + other.cache_write,
        output=one.output + other.output,
        reasoning=one.reasoning + other.reasoning,
        input_source=max(one.input_source, other.input_source, key=_TRUST.index),
        output_source=max(one.output_source, other.output_source, key=_TRUST.index),
    )


# A sum is worth what the least of its parts is.
_TRUST = (Source.UPSTREAM, Source.DERIVED, Source.ESTIMATED)

# Kiro says END_TURN for many answers that end with calls, so calls are counted instead (Q19). A
# reason that is not here is a normal end: new reasons must not break answers that are complete.
_STOP_REASONS: dict[str, FinishReason] = {
    "MAX_TOKENS": "length",
    "MODEL_CONTEXT_WINDOW_EXCEEDED": "context_exceeded",
    "CONTENT_FILTERED": "refusal",
}
