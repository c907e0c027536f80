from dataplane.upstreams.kiro.asking import document
from dataplane.upstreams.kiro.asking.document import MAX_HOPS, Document


def test_a_definition_is_cleaned_once_however_it_is_referred_to(monkeypatch):
    looked = []
    monkeypatch.setattr(document, "names", lambda required: looked.append(required) or required)
    found = Document({"$defs": {"abc": {"required": ["x"], "properties": {"n": {"$id": "i", "required": ["y"]}}}}})
    looked.clear()
    spellings = ["#/$defs/abc", "#/$defs/%61bc", "#/$defs/a%62c", "#/%24defs/abc"] * 5
    targets = [found.target(spelling) for spelling in spellings]
    inner = [found.target(f"{spelling}/properties/n") for spelling in spellings]
    assert all(one is targets[0] for one in targets)
    assert all(one is inner[0] for one in inner)
    assert inner[0] == {"required": ["y"]}
    assert len(looked) <= 2


def test_what_is_referred_to_outside_of_schemas_is_cleaned_with_what_it_holds():
    found = Document({"x-all": {"A": {"$id": "i", "items": {"$comment": "c", "type": "string"}}}})
    assert found.root["x-all"]["A"]["$id"] == "i"
    assert found.target("#/x-all/A") == {"items": {"type": "string"}}
    assert found.target("#/x-all/A/items") is found.target("#/x-all/A")["items"]


def test_a_root_that_is_a_reference_is_resolved_beside_the_document():
    found = Document({"$ref": "#/$defs/A", "$defs": {"A": {"$defs": {"B": {"type": "string"}}}}})
    resolved = found.resolved()
    assert resolved.target("#/$defs/B") == {"type": "string"}
    assert found.target("#/$defs/B") is None
    assert found.root["$ref"] == "#/$defs/A"


def test_chains_of_references_end():
    long = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}", "title": str(n)} for n in range(2 * MAX_HOPS)}
    found = Document({"$defs": {**long, "a": {"$ref": "#/$defs/b", "title": "A"}, "b": {"$ref": "#/$defs/a", "type": "string"}}})
    assert found.followed({"$ref": "#/$defs/a"}) == {"title": "A", "type": "string"}
    assert found.followed({"$ref": "#/$defs/d0"}) == {"title": "0"}
