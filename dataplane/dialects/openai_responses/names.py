"""One name for each tool, also for those in namespaces.

Upstreams know no namespaces: a tool in one gets a name made of both, and clients get both back.
"""

from zlib import crc32

# What every provider takes as a tool's name.
LONGEST = 64
BETWEEN = "__"


class Names:
    """The canonical names of one request's tools. Names at the top are their own, so they are to be `take`n first."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._inner: dict[tuple[str, str], str] = {}

    def take(self, name: str) -> None:
        self._taken.add(name)

    def join(self, namespace: str, name: str) -> str:
        """The name of a tool in a namespace; the same each time."""
        found = self._inner.get((namespace, name))
        if found is None:
            found = self._inner[namespace, name] = self._fresh(namespace, name)
            self._taken.add(found)
        return found

    def called(self, namespace: str, name: str) -> str:
        """The name of a tool as it is called or chosen. Some clients lose the namespace on the way; one tool's own name is enough."""
        if namespace:
            return self.join(namespace, name)
        if name in self._taken:
            return name
        inner = [made for (_, own), made in self._inner.items() if own == name]
        return inner[0] if len(inner) == 1 else name

    def _fresh(self, namespace: str, name: str) -> str:
        word = namespace + ("" if namespace.endswith("_") else BETWEEN) + name
        made, tries = word, 0
        while len(made) > LONGEST or made in self._taken:
            mark = f"_{crc32(f'{namespace} {name} {tries}'.encode('utf-8', 'surrogatepass')):08x}"
            made, tries = word[: LONGEST - len(mark)] + mark, tries + 1
        return made
