"""Requests wait in order, and a place that becomes free wakes one of them."""

import asyncio

import pytest

from controlplane.service import queue as module
from controlplane.service.queue import Queue


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_waits_where_waiting_is_off():
    assert Queue(0).join("sonnet") is None


async def test_no_more_wait_than_may(monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    queue = Queue(5)
    first = queue.join("sonnet")
    assert queue.join("opus") is not None
    assert queue.join("sonnet") is None
    queue.leave(first)
    assert queue.join("sonnet") is not None


async def test_only_the_first_of_each_line_is_woken():
    queue = Queue(5)
    tickets = [queue.join("sonnet"), queue.join("sonnet"), queue.join("opus")]
    turns = [asyncio.create_task(queue.turn(ticket, None)) for ticket in tickets]
    await settled()
    queue.freed()
    await settled()
    assert [turn.done() for turn in turns] == [True, False, True]
    queue.leave(tickets[0])
    await settled()
    assert turns[1].done()
    assert [queue.first(tickets[1]), queue.waits("sonnet"), len(queue)] == [True, True, 2]
    queue.leave(tickets[1])
    assert not queue.waits("sonnet")
    turns[1].cancel()


async def test_what_became_free_while_the_first_tried_is_not_missed():
    queue = Queue(5)
    ticket = queue.join("sonnet")
    queue.freed()
    assert await asyncio.wait_for(queue.turn(ticket, None), 1) is True


async def test_the_first_tries_again_when_a_rest_ends():
    queue = Queue(5)
    ticket, behind = queue.join("sonnet"), queue.join("sonnet")
    waits = asyncio.create_task(queue.turn(behind, 0.01))
    assert await asyncio.wait_for(queue.turn(ticket, 0.01), 1) is True
    await asyncio.sleep(0.03)
    assert not waits.done()
    waits.cancel()


@pytest.mark.parametrize("first", [True, False])
async def test_patience_ends(first):
    queue = Queue(0.02)
    ticket = queue.join("sonnet")
    if not first:
        ticket = queue.join("sonnet")
    assert await asyncio.wait_for(queue.turn(ticket, None), 1) is False
    assert await queue.turn(ticket, None) is False
