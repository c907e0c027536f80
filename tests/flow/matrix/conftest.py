"""One stack with an account of each kind behind it for all cells."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.flow.matrix.asking import MODES, Sdk
from tests.flow.matrix.cells import Cell
from tests.flow.matrix.sdks import SDKS
from tests.flow.matrix.upstreams import UPSTREAMS, Upstream, join
from tests.stack import Stack

Accounts = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="package")
def every() -> Iterator[tuple[Stack, Accounts]]:
    with Stack(beside=("kimi_web", "openai", "anthropic")) as stack:
        yield stack, join(stack)


@pytest.fixture(scope="package")
def sdks(every: tuple[Stack, Accounts]) -> Iterator[dict[str, Sdk]]:
    with ExitStack() as opened:
        made = [sdk(every[0].gateway) for sdk in SDKS]
        for each in made:
            opened.enter_context(each.client)
        yield {each.name: each for each in made}


@pytest.fixture(params=SDKS, ids=lambda made: made.name)
def sdk(request: pytest.FixtureRequest, sdks: dict[str, Sdk]) -> Sdk:
    return sdks[request.param.name]


@pytest.fixture(params=UPSTREAMS, ids=lambda row: row.kind)
def upstream(request: pytest.FixtureRequest) -> Upstream:
    return request.param


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def failing(every: tuple[Stack, Accounts], sdk: Sdk, upstream: Upstream, mode: str) -> Iterator[Cell]:
    """A cell in which the upstream may do anything; afterwards its accounts are well again."""
    stack, accounts = every
    stack.sim("POST", "reset", of=upstream.simulator)
    yield Cell(stack, sdk, upstream, mode)
    stack.sim("POST", "reset", of=upstream.simulator)
    for account in accounts[upstream.kind]:
        stack.heal(account)


@pytest.fixture
def cell(every: tuple[Stack, Accounts], sdk: Sdk, upstream: Upstream, mode: str) -> Iterator[Cell]:
    """A cell in which the upstream must find nothing wrong with what it is sent."""
    stack = every[0]
    stack.sim("POST", "reset", of=upstream.simulator)
    yield Cell(stack, sdk, upstream, mode)
    assert stack.sim("GET", "counters", of=upstream.simulator)["rejections"] == {}
