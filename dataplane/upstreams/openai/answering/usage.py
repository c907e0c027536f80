"""An endpoint's figures into one usage record, our own estimate where it told none."""

from dataplane.conversation.events import Source, Usage
from dataplane.upstreams.openai.answering.chunks import Counted
from headgate.tokens import ASCII_PER_TOKEN, text_tokens


class Meter:
    """Collects what is known about one answer; `input_estimate` is tokens."""

    def __init__(self, input_estimate: int) -> None:
        self._estimate = input_estimate
        self._text = 0.0
        self._reasoning = 0.0
        self._told = Counted()

    @property
    def written(self) -> float:
        """Tokens of output by our own count."""
        return self._text + self._reasoning

    @property
    def spoke(self) -> bool:
        """Whether the endpoint says that it wrote anything."""
        return bool(self._told.completion)

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

    def truncate(self, tokens: float) -> None:
        """The last `tokens` of what was written are beyond the end."""
        self._text -= tokens

    def report(self, told: Counted) -> None:
        """Some endpoints count on in every chunk: the latest figures hold."""
        for name in Counted.__struct_fields__:
            if (figure := getattr(told, name)) is not None:
                setattr(self._told, name, figure)

    def usage(self) -> Usage:
        told = self._told
        usage = Usage(input=self._estimate, output=max(0, round(self.written)))
        if told.prompt is not None:
            usage.input_source = Source.UPSTREAM
            usage.cache_read = min(told.cached or 0, told.prompt)
            usage.cache_write = min(told.written or 0, told.prompt - usage.cache_read)
            usage.input = told.prompt - usage.cache_read - usage.cache_write
        reasoning = told.reasoning
        if told.completion is not None:
            usage.output_source = Source.UPSTREAM
            usage.output = told.completion + _beside(told)
        else:
            reasoning = None
        usage.reasoning = min(round(self._reasoning) if reasoning is None else reasoning, usage.output)
        return usage


def _beside(told: Counted) -> int:
    """Thinking that is counted beside the answer instead of as part of it (xAI): only the total tells."""
    rest = (told.total or 0) - (told.prompt or 0) - (told.completion or 0)
    return rest if told.reasoning and rest == told.reasoning else 0
