"""The endpoint's figures into one usage record, with our own count where it has not spoken."""

from dataplane.conversation.events import Source, Usage
from dataplane.upstreams.anthropic.answering.payloads import Figures, figures
from dataplane.wire.jsontext import Raw
from headgate.tokens import ASCII_PER_TOKEN, text_tokens


class Meter:
    """Collects what is known about one answer; `input_estimate` is tokens."""

    def __init__(self, input_estimate: int) -> None:
        self._estimate = input_estimate
        self._text = 0.0
        self._reasoning = 0.0
        self._told = Figures()
        # The last figure of the output, which counts: the first ones are of an answer that has just begun.
        self._output: int | None = None

    @property
    def written(self) -> float:
        """Tokens of output by our own count."""
        return self._text + self._reasoning

    def wrote(self, text: str) -> None:
        # Most text is ASCII; for it the estimate is one division.
        self._text += len(text) / ASCII_PER_TOKEN if text.isascii() else text_tokens(text)

    def thought(self, text: str) -> None:
        self._reasoning += text_tokens(text)

    def truncate(self, tokens: float) -> None:
        """The last `tokens` of what was written are beyond the end."""
        self._text -= tokens

    def tell(self, member: Raw, *, final: bool) -> None:
        """Later figures replace earlier ones, as they are totals."""
        told = figures(member)
        if told is None:
            return
        for name in told.__struct_fields__:
            if (value := getattr(told, name)) is not None:
                setattr(self._told, name, value)
        if final and told.output is not None:
            self._output = told.output

    def usage(self) -> Usage:
        told = self._told
        usage = Usage(
            input=told.input or 0,
            cache_read=told.cache_read or 0,
            cache_write=told.cache_write or 0,
            searches=int(told.searches or 0),
            input_source=Source.UPSTREAM,
        )
        if not (usage.input or usage.cache_read or usage.cache_write):
            usage.input, usage.input_source = self._estimate, Source.ESTIMATED
        if self._output is not None:
            usage.output, usage.output_source = self._output, Source.UPSTREAM
        else:
            usage.output = max(0, round(self.written))
        usage.reasoning = min(round(self._reasoning) if told.reasoning is None else told.reasoning, usage.output)
        return usage
