"""Text that waits for what comes after it."""

# Characters that may wait in one place; more is no opening of anything any more.
MOST_HELD = 1024 * 1024


class Held:
    """Pieces of text, joined once however many they are. `full`: they have waited long enough."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0

    @property
    def full(self) -> bool:
        return self._size > MOST_HELD

    def add(self, text: str) -> None:
        self._pieces.append(text)
        self._size += len(text)

    def clear(self) -> None:
        if self._pieces:
            self._pieces, self._size = [], 0

    def take(self) -> str:
        text = "".join(self._pieces)
        self.clear()
        return text
