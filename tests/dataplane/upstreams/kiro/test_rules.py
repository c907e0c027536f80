"""The table of rules against the tests, the code and the page that shows it.

`python -m tests.dataplane.upstreams.kiro.test_rules` writes the page's table anew.
"""

import re
from importlib import import_module
from pathlib import Path

import pytest

from dataplane.upstreams.kiro.asking.rules import RULES, table

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs/kiro.md"
KIRO = ROOT / "dataplane/upstreams/kiro"
BEGIN, END = "<!-- rules: made by tests/dataplane/upstreams/kiro/test_rules.py -->\n", "<!-- end of rules -->\n"
FAMILIES = {"E": 14, "M": 6, "C": 8, "T": 14, "S": 12, "I": 9, "R": 5, "Z": 3}


def page() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = "".join(f"{line}\n" for line in table())
    return f"{before}{BEGIN}\n{lines}\n{END}{after}"


def with_tests():
    found = set()
    for file in Path(__file__).parent.rglob("test_*.py"):
        found.update(re.findall(r"^(?:async )?def test_((?:[A-Z]\d\d_)+)", file.read_text(), re.MULTILINE))
    return {rule for names in found for rule in names.split("_") if rule}


def test_every_rule_has_its_row():
    assert list(RULES) == [f"{family}{number:02}" for family, last in FAMILIES.items() for number in range(1, last + 1)]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_test_of_its_own(rule):
    assert rule in with_tests()


def test_no_test_is_for_a_rule_that_does_not_exist():
    assert {rule for rule in with_tests() if rule[0] in FAMILIES} <= RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_rows_name_what_exists(rule):
    for place in RULES[rule].where:
        module, name = place.split(".")
        folder = "asking." if (KIRO / f"asking/{module}.py").exists() else ""
        assert getattr(import_module(f"dataplane.upstreams.kiro.{folder}{module}"), name)


def test_refusals_quote_rules_of_the_table():
    source = (KIRO / "asking/check.py").read_text()
    assert set(re.findall(r'"([EMCTSIRZ]\d\d)"', source)) <= RULES.keys()


def test_the_page_shows_the_table():
    assert PAGE.read_text() == page(), "run: python -m tests.dataplane.upstreams.kiro.test_rules"


if __name__ == "__main__":
    PAGE.write_text(page())
