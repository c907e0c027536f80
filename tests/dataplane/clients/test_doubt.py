"""When a service that failed is asked again."""

from dataplane.clients.doubt import Doubt


def test_there_is_none_without_reason():
    doubt = Doubt()
    assert doubt.over(0)
    assert not doubt.begin(0)
    assert doubt.over(0)


def test_it_grows_with_each_call_that_was_to_tell():
    doubt, now, lasted = Doubt(), 100.0, []
    doubt.failed(now)
    for _ in range(6):
        since = now
        while not doubt.over(now):
            now += 0.5
        lasted.append(now - since)
        assert doubt.begin(now)
        doubt.failed(now)
        doubt.done()
    assert lasted == [2, 4, 8, 16, 30, 30]


def test_calls_that_fail_together_count_as_one():
    doubt = Doubt()
    for _ in range(20):
        doubt.failed(0)
    assert doubt.over(2)


def test_others_wait_for_the_one_that_tells():
    doubt = Doubt()
    doubt.failed(0)
    assert not doubt.begin(1)  # nobody hoped for this one
    assert doubt.begin(2)
    assert (doubt.over(2), doubt.begin(2)) == (False, False)
    doubt.done()  # it came to nothing, as when its caller left
    assert doubt.over(2)


def test_a_success_ends_it():
    doubt = Doubt()
    doubt.failed(0)
    doubt.failed(2)
    doubt.clear()
    assert doubt.over(2)
    doubt.failed(2)
    assert (doubt.over(3), doubt.over(4)) == (False, True)
