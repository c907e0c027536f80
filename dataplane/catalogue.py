"""The last good snapshot of models; answers GET /v1/models without asking anybody."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from dataplane.ports import ModelFacts


class Catalogue:
    """Replaced whole at each snapshot. `known` is false until the first one came."""

    def __init__(self) -> None:
        self.known = False
        self._models: dict[str, ModelFacts] = {}

    def replace(self, models: Sequence[ModelFacts]) -> None:
        """Each upstream id and alias is listed once, an id before an alias of the same name, and as the first that has it."""
        listed: dict[str, ModelFacts] = {}
        for model in models:
            listed.setdefault(model.id, model)
        for model in models:
            for alias in model.aliases:
                listed.setdefault(alias, model)
        self._models = listed
        self.known = True

    def offered(self, allowed: Sequence[str]) -> list[tuple[str, ModelFacts]]:
        """The public names a key may use, with their facts; an empty `allowed` means all."""
        return [(name, model) for name, model in self._models.items() if permitted(name, allowed)]

    def find(self, name: str, allowed: Sequence[str]) -> ModelFacts | None:
        """One public name's facts, if the key may use it."""
        return self._models.get(name) if permitted(name, allowed) else None


def permitted(name: str, allowed: Sequence[str]) -> bool:
    """Whether `name` matches one of the patterns (`*` for any run of characters)."""
    return not allowed or any(fnmatchcase(name, pattern) for pattern in allowed)
