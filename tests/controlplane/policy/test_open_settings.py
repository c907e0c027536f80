"""Settings as texts and as values, and what holds when they do not go together."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.domain.compression import USUAL, CompressionPolicy
from controlplane.policy import open_settings
from controlplane.policy.open_settings import FIELDS, KINDS, NUMBERS, Name, OneOf, Share, Switch, Whole, written

VALUES = {
    OneOf: lambda kind: st.sampled_from(kind.words),
    Switch: lambda _kind: st.booleans(),
    Whole: lambda kind: st.integers(kind.low, kind.high),
    Share: lambda kind: st.floats(kind.low, kind.high),
    Name: lambda kind: st.text(min_size=1, max_size=kind.longest).filter(str.isprintable),
}
anything = st.text(max_size=12) | st.integers(-(10**12), 10**12).map(str) | st.floats().map(str) | st.sampled_from(["", "true", "smart"])
policies = st.builds(CompressionPolicy, enabled=st.booleans(), messages=st.integers(20, 2000), keep=st.integers(4, 19))


@given(st.sampled_from(sorted(KINDS)).flatmap(lambda name: st.tuples(st.just(name), VALUES[type(KINDS[name])](KINDS[name]))))
def test_what_is_written_is_read_again(chosen):
    name, value = chosen
    assert open_settings.chosen({name: written(name, value)}, USUAL)[name] == value
    assert open_settings.chosen({name: written(name, None)}, USUAL) == open_settings.chosen({}, USUAL)


@given(st.dictionaries(st.sampled_from(sorted(KINDS)) | st.just("sealCheck"), anything), policies)
def test_whatever_is_stored_what_is_in_force_can_be_used(stored, installed):
    values = open_settings.in_force(stored, installed)
    assert set(values) == set(KINDS)
    for name, value in values.items():
        if value is not None:
            assert KINDS[name].read(written(name, value)) == value
    policy = open_settings.compression(values)
    assert policy.keep < policy.messages
    assert installed.enabled or not policy.enabled


def test_every_setting_of_conversations_is_a_field_and_the_usual_one_is_in_range():
    assert sorted(FIELDS.values()) == sorted(field.name for field in fields(CompressionPolicy))
    assert set(NUMBERS) < set(FIELDS) < set(KINDS)
    assert open_settings.compression(open_settings.in_force({}, USUAL)) == USUAL


@pytest.mark.parametrize(
    ("name", "value", "phrase"),
    [
        ("schedulingMode", "Smart", "is not one of smart, priority, balanced"),
        ("compressionEnabled", "yes", "is not true or false"),
        ("compressionTokens", 9_999, "is not between 10000 and 1000000"),
        ("compressionTokens", 1_000_001, "is not between 10000 and 1000000"),
        ("compressionMessages", 20.5, "is not a whole number"),
        ("compressionMessages", True, "is not a whole number"),
        ("compressionRatio", 0.04, "is not between 0.05 and 0.5"),
        ("compressionRatio", float("nan"), "is not between 0.05 and 0.5"),
        ("compressionRatio", "much", "is not a number"),
        ("summaryModel", "x" * 201, "is not 1 to 200 printable characters"),
        ("summaryModel", "a\u2028b", "is not 1 to 200 printable characters"),
        ("summaryModel", "\ud800", "is not 1 to 200 printable characters"),
    ],
)
def test_what_a_setting_may_not_be(name, value, phrase):
    with pytest.raises(ValueError, match=phrase):
        written(name, value)


def test_there_are_no_other_settings():
    with pytest.raises(KeyError):
        written("sealCheck", "x")


def test_the_environment_decides_what_no_administrator_did():
    installed = replace(USUAL, tokens=50_000, messages=100, keep=20, summary_model="small")
    stored = {"compressionKeep": "10", "compressionTokens": "", "summaryModel": ""}
    assert open_settings.compression(open_settings.in_force(stored, installed)) == replace(installed, keep=10)


def test_a_default_that_changed_since_gives_way():
    installed = replace(USUAL, keep=50)
    assert open_settings.crossed({"compressionMessages": "50"}, installed)
    assert not open_settings.crossed({"compressionMessages": "51"}, installed)
    assert open_settings.in_force({"compressionMessages": "50"}, installed)["compressionKeep"] == 49
