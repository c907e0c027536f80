"""Results that are kept, up to a limit."""

from dataplane.clients.media.job import Piece
from dataplane.clients.media.memory import Memory, weight

SMALL = (Piece(text="x" * 100),)


def test_what_was_used_last_is_kept():
    memory = Memory(3 * weight(SMALL))
    for key in (b"1", b"2", b"3"):
        memory.put(key, SMALL)
    assert memory.get(b"1") == SMALL
    memory.put(b"4", SMALL)
    assert [memory.get(key) for key in (b"1", b"2", b"3", b"4")] == [SMALL, None, SMALL, SMALL]


def test_a_result_counts_once_however_often_it_is_put():
    memory = Memory(2 * weight(SMALL))
    for key in (b"1", b"2", b"2", b"2"):
        memory.put(key, SMALL)
    assert memory.get(b"1") == SMALL


def test_what_is_larger_than_all_is_not_kept_and_drives_nothing_out():
    memory = Memory(2 * weight(SMALL))
    memory.put(b"1", SMALL)
    memory.put(b"2", SMALL * 3)
    assert (memory.get(b"1"), memory.get(b"2")) == (SMALL, None)


def test_a_large_result_drives_out_as_many_as_it_needs():
    memory = Memory(3 * weight(SMALL))
    for key in (b"1", b"2", b"3"):
        memory.put(key, SMALL)
    memory.put(b"4", SMALL * 2)
    assert [memory.get(key) for key in (b"1", b"2", b"3", b"4")] == [None, None, SMALL, SMALL * 2]
