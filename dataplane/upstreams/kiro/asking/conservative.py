"""Tool schemas in the seven keywords that every Kiro host takes (S08, S09).

Legacy hosts refuse many keywords, and no source lists them all; so nothing but type, title,
description, properties, required, items and enum is left. What other keywords mean is kept: const
becomes enum, references are inlined, alternatives become one form, and what has no place at all is
said in the description. The names of properties are never changed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dataplane.upstreams.kiro.asking.document import SCHEMAS, Document, Schema, joined, without_reference
from dataplane.upstreams.kiro.asking.schemas import UNIONS, in_each, remembered, takes_object, wrapped
from dataplane.wire import jsontext

# References within references, and bytes of definitions that are put in their places: definitions
# that hold each other would multiply without end.
MAX_TRAIL = 16
MAX_INLINED = 64 * 1024

Trail = tuple[str, ...]


@remembered
def accepted(schema: Any) -> Schema:
    """A schema as all hosts take it. Its root is the same kind of object as in the runtime's form."""
    document = Document(schema)
    if not isinstance(root := document.root, dict):
        return {"type": "object", "properties": {}}
    # Said first, as what else the root may be could take the properties away.
    root = {**root, "type": "object"} if takes_object(document.resolved()) else wrapped(root)
    found = _Rebuilding(document).schema(root, ())
    return _ordered({**found, "type": "object", "properties": found.get("properties", {})})


class _Rebuilding:
    """One schema being rebuilt. `document` is what its references point into."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = MAX_INLINED

    def schema(self, node: Any, trail: Trail) -> Schema:
        """`trail` are the references that led here."""
        if not isinstance(node, dict):
            return {"description": "Must not be given."} if node is False else {}
        if isinstance(reference := node.get("$ref"), str):
            return self._referred(node, reference, trail)
        parts = [self._plain(node, trail)]
        parts += [self.schema(form, trail) for form in _list(node.get("allOf"))]
        for union in ("anyOf", "oneOf"):
            if forms := [self.schema(form, trail) for form in _list(node.get(union))]:
                parts.append(_either(forms, UNIONS[union]))
        return _ordered(_all(parts))

    def _referred(self, node: Schema, reference: str, trail: Trail) -> Schema:
        """What is referred to, in the reference's place. Where it is within itself, it is only named."""
        rest = without_reference(node)
        definition = self._document.target(reference)
        if definition is None and reference != "#":
            return _said(self.schema(rest, trail), f"As defined by {reference}.")
        if definition is None or reference in trail or len(trail) >= MAX_TRAIL or self._left <= 0:
            kind = (definition or {"type": "object"}).get("type")
            named = _both(self.schema(rest, trail), {"type": kind} if isinstance(kind, str) and kind in _KINDS else {})
            name = "the whole" if reference == "#" else reference.rpartition("/")[2]
            return _ordered(_said(named, f"Again of the form of {name}."))
        self._left -= len(jsontext.dumps(definition))
        return self.schema(joined(definition, rest), (*trail, reference))

    def _plain(self, node: Schema, trail: Trail) -> Schema:
        """The node without its unions. Keywords for a type that it cannot be of mean nothing."""
        found: Schema = {key: node[key] for key in ("title", "description") if isinstance(node.get(key), str)}
        kinds = [kind for kind in _list(node.get("type")) if isinstance(kind, str)]
        known = [kind for kind in kinds if kind in _KINDS]
        if not known or "object" in known:
            self._object(node, trail, found)
        if not known or "array" in known:
            self._array(node, trail, found)
        values = [node["const"]] if "const" in node else _list(node.get("enum"))
        meant = [value for value in values if value is not None]
        if kind := _kind(known, meant, found):
            found["type"] = kind
        if meant:
            found["enum"] = meant
        others = dict.fromkeys((*(other for other in kinds if other != kind), *(["null"] if len(meant) < len(values) else [])))
        also = f"{'May also be' if kind else 'Is'} of type {', '.join(others)}." if others else ""
        if kind == "object" and "items" in found:
            also = _lines(also, f"As an array: of {_told(found.pop('items'))}.")
        return _said(found, _lines(also, self._details(node, trail)))

    def _object(self, node: Schema, trail: Trail, found: Schema) -> None:
        if "properties" in node:
            found["properties"] = {name: self.schema(inner, trail) for name, inner in node["properties"].items()}
        if "required" in node:
            found["required"] = node["required"]

    def _array(self, node: Schema, trail: Trail, found: Schema) -> None:
        """A fixed sequence of items becomes a list whose items are any of them."""
        items = node.get("items")
        places = [self.schema(item, trail) for item in _list(node.get("prefixItems")) or (items if isinstance(items, list) else [])]
        rest = [self.schema(items, trail)] if isinstance(items, dict) else []
        if forms := [*places, *rest]:
            found["items"] = _either(forms, UNIONS["anyOf"])
        if len(places) > 1:
            order = ", ".join(_brief(place) for place in places)
            found["description"] = _lines(found.get("description", ""), f"Items in this order: {order}.")

    def _details(self, node: Schema, trail: Trail) -> str:
        """What the seven keywords cannot say."""
        told = [self._detail(key, value, trail) for key, value in node.items() if key not in _KEPT and key[:2] != "x-"]
        details = "; ".join(words for words in told if words)
        return f"Details: {details}." if details else ""

    def _detail(self, key: str, value: Any, trail: Trail) -> str:
        if key in _NAMED_SCHEMAS:
            return "; ".join(f"{key} {name}: {_told(self.schema(inner, trail))}" for name, inner in value.items())
        if key not in SCHEMAS:
            return f"{key}: {_json(value)}"
        if value is False:
            return f"{key}: none"
        # What allows everything says nothing.
        inner = self.schema(value, trail)
        return f"{key}: {_told(inner)}" if inner else ""


def _kind(kinds: Sequence[str], values: Sequence[Any], found: Schema) -> str:
    """One type: the one the rest of the schema is about, else the first that is not null; "" when nothing tells."""
    about = "object" if not found.keys().isdisjoint(("properties", "required")) else "array" if "items" in found else ""
    if about and (not kinds or about in kinds):
        return about
    meant = [kind for kind in kinds if kind != "null"]
    return next(iter(meant or kinds), "") or _widest({_TYPES[type(value)] for value in values})


def _widest(kinds: set[str]) -> str:
    """The type that says most, "" when none does.

    Structures hold what text holds, text can say anything, numbers hold whole numbers; "" among the
    kinds is a form of any type.
    """
    if kinds == {"integer", "number"}:
        return "number"
    order = ("object", "array", "", "string")
    return next((kind for kind in order if kind in kinds), next(iter(kinds)) if len(kinds) == 1 else "")


def _either(forms: Sequence[Schema], introduction: str) -> Schema:
    """One schema for several alternatives, which are told in words as far as it does not hold them."""
    distinct = _distinct(forms)
    meant = [form for form in distinct if form.get("type") != "null"]
    null = "" if len(meant) == len(distinct) else "May also be null."
    if len(meant) < 2:
        return _said(meant[0], null) if meant else {"type": "null"}
    told = "; ".join(_titled(form, words) for form, words in _alternatives(meant))
    if all("enum" in form and "properties" not in form for form in meant):
        plain = all(form.keys() <= {"type", "enum"} for form in meant)
        return _said(_values(meant), null if plain else _lines(null, f"{introduction}: {told}."))
    kind = _widest({form.get("type", "") for form in meant})
    found = {**_merged(meant, kind), **({"type": kind} if kind else {})}
    return _said(found, _lines(null, f"{introduction}: {told}."))


def _alternatives(forms: Sequence[Schema]) -> Iterator[tuple[Schema, str]]:
    """Each form with its words. Structures of the kind that is kept stand in the schema itself."""
    kind = _widest({form.get("type", "") for form in forms})
    for form in forms:
        kept = kind in _MERGED and form.get("type") == kind
        yield form, _brief(form, described=True) if kept else _told(form)


def _merged(forms: Sequence[Schema], kind: str) -> Schema:
    """What the forms of the kind that is kept say together. A form of any type may be an object that has nothing."""
    merge = _MERGED.get(kind)
    kinds = (kind, None) if kind == "object" else (kind,)
    return merge([form for form in forms if form.get("type") in kinds]) if merge else {}


def _values(forms: Sequence[Schema]) -> Schema:
    values = [value for form in forms for value in form["enum"]]
    kind = _widest({form.get("type", "") for form in forms})
    one = all(_TYPES.get(type(value)) == kind or (kind == "number" and type(value) is int) for value in values)
    return {**({"type": kind} if one else {}), "enum": _distinct(values)}


def _merged_objects(forms: Sequence[Schema]) -> Schema:
    """The properties of all; required is what each of them requires."""
    variants: dict[str, list[Schema]] = {}
    for form in forms:
        for name, inner in form.get("properties", {}).items():
            variants.setdefault(name, []).append(inner)
    properties = {name: _either(inner, UNIONS["anyOf"]) for name, inner in variants.items()}
    required = in_each([form.get("required", ()) for form in forms])
    return {"properties": properties, **({"required": required} if required else {})}


def _merged_arrays(forms: Sequence[Schema]) -> Schema:
    items = [form.get("items", {}) for form in forms]
    return {"items": _either(items, UNIONS["anyOf"])} if all(items) else {}


def _all(parts: Sequence[Schema]) -> Schema:
    """A schema for what fits all parts; neighbours first, so that what is put together is not copied for each part anew."""
    while len(parts) > 1:
        pairs = [_both(*pair) for pair in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, parts[-1]] if len(parts) % 2 else pairs
    return parts[0]


def _both(one: Schema, other: Schema) -> Schema:
    """A schema for what fits both. Where they contradict each other the first one counts."""
    found = {**other, **one}
    if {one.get("type"), other.get("type")} == {"integer", "number"}:
        found["type"] = "integer"
    if "properties" in one and "properties" in other:
        mine, yours = one["properties"], other["properties"]
        found["properties"] = {**mine, **{name: _both(mine[name], inner) if name in mine else inner for name, inner in yours.items()}}
    if "items" in one and "items" in other:
        found["items"] = _both(one["items"], other["items"])
    if "required" in one and "required" in other:
        found["required"] = list(dict.fromkeys((*one["required"], *other["required"])))
    if "enum" in one and "enum" in other:
        allowed = {_json(value) for value in other["enum"]}
        found["enum"] = [value for value in one["enum"] if _json(value) in allowed] or one["enum"]
    return _said(found, other.get("description", "")) if "description" in one else found


def _told(form: Schema) -> str:
    """A rebuilt schema in words, with everything in it."""
    head = _head(form)
    if names := _names(form):
        within = form.get("properties", {})
        head = "object {" + "; ".join(f"{shown}: {_told(within.get(name, {}))}" for name, shown in names.items()) + "}"
    elif "items" in form:
        head = f"array of {_told(form['items'])}"
    return f"{head} ({form['description']})" if "description" in form else head


def _brief(form: Schema, *, described: bool = False) -> str:
    """A rebuilt schema that stands elsewhere in full: what tells it from others."""
    head = _head(form)
    if names := _names(form):
        head = "{" + ", ".join(shown + _single(form, name) for name, shown in names.items()) + "}"
    elif "items" in form:
        head = f"array of {_brief(form['items'])}"
    return f"{head} ({form['description']})" if described and "description" in form else head


def _names(form: Schema) -> dict[str, str]:
    """The names of properties, and how they are shown: those that need not be given with a question mark."""
    return {name: f"{name}?" for name in form.get("properties", ())} | {name: name for name in form.get("required", ())}


def _head(form: Schema) -> str:
    return f"one of {', '.join(_json(value) for value in form['enum'])}" if "enum" in form else str(form.get("type", "anything"))


def _titled(form: Schema, words: str) -> str:
    return f"{form['title']}: {words}" if "title" in form else words


def _single(form: Schema, name: str) -> str:
    """The one value a property may have, which tells alternatives apart."""
    values = form.get("properties", {}).get(name, {}).get("enum", ())
    return f": {_json(values[0])}" if len(values) == 1 else ""


def _said(schema: Schema, words: str) -> Schema:
    return {**schema, "description": _lines(schema.get("description", ""), words)} if words else schema


def _lines(before: str, words: str) -> str:
    return f"{before}\n{words}" if before and words else before or words


def _distinct(values: Sequence[Any]) -> list[Any]:
    """Told apart as JSON, for which true is not 1."""
    found: dict[str, Any] = {}
    for value in values:
        found.setdefault(_json(value), value)
    return list(found.values())


def _json(value: Any) -> str:
    return jsontext.dumps(value).decode()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _ordered(schema: Schema) -> Schema:
    """The keywords that mean something beside the type, in one order."""
    alien = _ALIEN.get(schema.get("type", ""), ())
    return {key: schema[key] for key in _KEYWORDS if key in schema and key not in alien}


_KEYWORDS = ("type", "title", "description", "properties", "required", "items", "enum")
_KINDS = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array"}
# Keywords that say nothing about values of a type.
_ALIEN = dict.fromkeys(_KINDS, ("properties", "required", "items")) | {"object": ("items",), "array": ("properties", "required")}
_MERGED: dict[str, Callable[[Sequence[Schema]], Schema]] = {"object": _merged_objects, "array": _merged_arrays}
_NAMED_SCHEMAS = frozenset({"patternProperties", "dependentSchemas"})
# What is rebuilt, or says nothing about values.
_KEPT = frozenset({*_KEYWORDS, *UNIONS, "const", "$ref", "$defs", "definitions", "prefixItems"})
