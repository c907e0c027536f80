"""Running stacks for flow tests, one with Kiro alone and one with every kind; each test gets simulators forgetful and accounts well."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest

from tests.stack import PROXY_KEY, Stack


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with Stack() as stack:
        stack.add_account("first")
        yield stack


@dataclass
class Every:
    """A stack with every kind of upstream behind it, three accounts at Kiro and one at each of the others."""

    stack: Stack
    kiro: list[dict[str, Any]]
    others: dict[str, dict[str, Any]]

    def rested(self) -> None:
        """As at first: nobody has asked for anything, nobody rests."""
        for name in self.stack.simulators:
            self.stack.sim("POST", "reset", of=name)
        for account in (*self.kiro, *self.others.values()):
            self.stack.heal(account)


@pytest.fixture(scope="session")
def every_kind() -> Iterator[Every]:
    with Stack(beside=("kimi_web", "openai", "anthropic")) as stack:
        kiro = [stack.add_account(label) for label in ("first", "second", "third")]
        others = {kind: stack.join(kind, f"the {kind} one") for kind in ("kimi-web", "openai", "anthropic")}
        yield Every(stack, kiro, others)


@pytest.fixture
def every(every_kind: Every) -> Iterator[Every]:
    """Whatever a test does, no upstream must have called one of our requests invalid."""
    every_kind.rested()
    yield every_kind
    for name in every_kind.stack.simulators:
        assert every_kind.stack.sim("GET", "counters", of=name)["rejections"] == {}, name


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """Whatever a test does, Kiro must never have called one of our bodies invalid."""
    running.sim("POST", "reset")
    yield running
    assert running.sim("GET", "counters")["rejections"] == {}


@pytest.fixture
def openai_client(stack: Stack) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{stack.gateway}/v1", api_key=PROXY_KEY, max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(stack: Stack) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=stack.gateway, api_key=PROXY_KEY, max_retries=0) as client:
        yield client
