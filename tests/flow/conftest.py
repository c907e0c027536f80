"""One running stack for all flow tests; each test gets the simulator forgetful and an account that is well."""

from collections.abc import Iterator

import anthropic
import openai
import pytest

from tests.stack import PROXY_KEY, Stack


@pytest.fixture(scope="session")
def running() -> Iterator[Stack]:
    with Stack() as stack:
        stack.add_account("first")
        yield stack


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
