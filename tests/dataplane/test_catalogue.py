from dataplane.catalogue import Catalogue
from dataplane.ports import ModelFacts


def facts(kind, id, *aliases, window=0):
    return ModelFacts(kind, id, id, window, 0, aliases, 0)


def test_each_name_is_listed_once_as_the_first_that_has_it():
    kiro, openai = facts("kiro", "gpt-5.6-sol", "fast", "gpt-4.1"), facts("openai", "gpt-5.6-sol", "fast", "slow")
    other = facts("openai", "gpt-4.1", window=7)
    catalogue = Catalogue()
    assert not catalogue.known
    catalogue.replace([kiro, openai, other])
    assert catalogue.known
    assert dict(catalogue.offered(())) == {"gpt-5.6-sol": kiro, "gpt-4.1": other, "fast": kiro, "slow": openai}
    assert catalogue.find("gpt-4.1", ()) is other
    assert catalogue.find("fast", ("gpt-*",)) is None
    assert [name for name, _ in catalogue.offered(("gpt-*",))] == ["gpt-5.6-sol", "gpt-4.1"]
