"""The client's max_tokens, for upstreams that cannot be told. Counted as headgate.tokens counts."""

from headgate.tokens import ASCII_PER_TOKEN, TOKENS_PER_FURTHER_BYTE

# Tokens in whole parts, so that the sum does not depend on how the text was cut into pieces.
PARTS = 35
CHARACTER = round(PARTS / ASCII_PER_TOKEN)
FURTHER_BYTE = round(PARTS * TOKENS_PER_FURTHER_BYTE)


class Limit:
    """Lets through as much text as `max_tokens` are likely to be. `reached`: some was kept back."""

    def __init__(self, max_tokens: float) -> None:
        self.reached = False
        # Fractions come out of sums, which may be a little less than they should.
        self._room = int(max_tokens * PARTS + 1e-6)

    @property
    def full(self) -> bool:
        """Whether nothing more fits."""
        return self.reached or self._room < CHARACTER

    def take(self, text: str) -> str:
        """What of `text` fits; nothing more once something did not."""
        if self.reached:
            return ""
        # Most text is ASCII, and this stands in the way of every piece of it.
        left = self._room - (len(text) * CHARACTER if text.isascii() else cost(text))
        if left >= 0:
            self._room = left
            return text
        self.reached = True
        return text[: self._fitting(text)]

    def spend(self, text: str) -> None:
        """Count what goes out whole or not at all."""
        self._room = max(0, self._room - cost(text))

    def _fitting(self, text: str) -> int:
        """How many characters fit of a `text` that does not fit as a whole."""
        at = 0
        while (left := self._room - cost(text[at])) >= 0:
            self._room = left
            at += 1
        return at


def cost(text: str) -> int:
    """`text_tokens` in parts."""
    parts = len(text) * CHARACTER
    if not text.isascii():
        parts += (len(text.encode("utf-8", "surrogatepass")) - len(text)) * FURTHER_BYTE
    return parts
