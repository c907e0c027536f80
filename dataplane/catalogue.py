"""The last good snapshot: models, which answers GET /v1/models without asking anybody, and how conversations are shortened."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from dataplane.ports import ModelFacts, Policy

# What names have behind a model's own, and how an upstream spells the first where that variant is a model by itself.
WIDE, WIDE_ID, THINKING = "[1m]", "-1m", "-thinking"
# Tokens that a model of the wide variant reads.
WIDE_WINDOW = 1_000_000


class Catalogue:
    """Replaced whole at each snapshot. `known` is false until the first one came, and `compression` is off."""

    def __init__(self) -> None:
        self.known = False
        self.compression = Policy()
        self._models: dict[str, ModelFacts] = {}
        self._windows: dict[str, int] = {}

    def replace(self, models: Sequence[ModelFacts], compression: Policy | None = None) -> None:
        """Each upstream id and alias is listed once, an id before an alias of the same name, and as the first that has it."""
        listed: dict[str, ModelFacts] = {}
        for model in models:
            listed.setdefault(model.id, model)
        for model in models:
            for alias in model.aliases:
                listed.setdefault(alias, model)
        self._models = listed
        self._windows = {name: model.context_window for name, model in listed.items()}
        self.compression = compression or Policy()
        self.known = True

    def offered(self, allowed: Sequence[str]) -> list[tuple[str, ModelFacts]]:
        """The public names a key may use, with their facts; an empty `allowed` means all."""
        return [(name, model) for name, model in self._models.items() if permitted(name, allowed)]

    def find(self, name: str, allowed: Sequence[str]) -> ModelFacts | None:
        """One public name's facts, if the key may use it."""
        return self._models.get(name) if permitted(name, allowed) else None

    def window(self, name: str) -> int:
        """Tokens that the model of this name reads, as far as its name tells; 0 unknown. The control plane knows better: this
        is for a first look.
        """
        found = self._windows.get(name)
        return self._spelled(name) if found is None else found

    def _spelled(self, name: str) -> int:
        """The window of a name with something before or behind the model's own."""
        bare = name.removesuffix(WIDE)
        if bare == name:
            return self._plain(name)
        own = self._plain(bare.removesuffix(THINKING) + WIDE_ID) or self._plain(bare)
        return min(own or WIDE_WINDOW, WIDE_WINDOW)

    def _plain(self, name: str) -> int:
        """As `window`, whatever kind or label stands before it, thinking or not."""
        for each in (name, name.removesuffix(THINKING)):
            for spelling in (each, each.partition("/")[2]):
                if found := self._windows.get(spelling):
                    return found
        return 0


def permitted(name: str, allowed: Sequence[str]) -> bool:
    """Whether `name` matches one of the patterns (`*` for any run of characters)."""
    return not allowed or any(fnmatchcase(name, pattern) for pattern in allowed)
