"""The arithmetic of the report, on figures that can be checked in the head."""

import pytest

from benchmarks import report
from benchmarks.cases import BUDGETS, CASES, body
from benchmarks.load import Result
from benchmarks.report import Measurement, Run


def result(cpu, control=30.0, p50=5.0, first=2.0):
    times = {"p50": p50, "p99": 2 * p50}
    return Result(1000, 2.0, {"dataplane": cpu, "controlplane": control, "mock": 8.0}, times, {"p50": first, "p99": first})


def measured(case, *cpu):
    return [Measurement(case, number, result(one), result(one), result(0, p50=4.0, first=1.5)) for number, one in enumerate(cpu)]


RUN = Run(
    [
        *measured("s20", 200.0, 220.0),
        *measured("s200", 740.0, 760.0),
        *measured("p200", 12000.0),
        *measured("ant-s20", 100.0),
        *measured("ant-s200", 460.0),
        *measured("direct", 1.0),
    ],
    {"data plane": 0.4, "whole stack": 4.5},
    50.0,
    55.0,
)


def test_rounds_become_one_row():
    row = report.rows(RUN.measurements)["s20"]
    assert row.cpu_us == pytest.approx(210)
    assert row.spread == pytest.approx(1.1)
    assert row.rate == pytest.approx(500)
    assert row.busy == pytest.approx(210e-6 * 500)
    assert row.added_ms == pytest.approx(1.0)
    assert row.added_first_ms == pytest.approx(0.5)


def test_figures_are_derived_from_the_cases():
    found = report.figures(RUN)
    assert found["each further event, at once"] == pytest.approx(3.0)
    assert found["each further event, Anthropic"] == pytest.approx(2.0)
    assert found["each event, paced"] == pytest.approx(60.0)
    assert found["control plane, per request"] == pytest.approx(30.0)
    assert found.keys() <= BUDGETS.keys()
    assert "ns" not in found


def test_the_tables_tell_budget_and_verdict():
    page = report.markdown(RUN)
    assert "| s20: stream of 20 events, all at once | 210 µs | 420 | 250 | goal met |" in page
    assert "| start to ready, whole stack | 4.50 s | 4 | 2 | **over** |" in page
    assert "| memory of the data plane, idle | 50.0 MiB | 80 | 60 | goal met |" in page
    assert "| direct | 8 |" in page


def test_a_page_is_refreshed_between_its_markers():
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    new = report.refreshed(page, "new")
    assert new == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"
    assert report.refreshed(new, "new") == new
    with pytest.raises(ValueError, match="has no"):
        report.refreshed("no markers", "new")


def test_bodies_have_the_size_that_is_told():
    sizes = {name: len(body(case)) for name, case in CASES.items()}
    assert all(120_000 < sizes.pop(name) < 124_000 for name in ("big", "oai-big", "ant-big"))
    assert all(1_500 < size < 1_900 for size in sizes.values())
