import pytest

from dataplane.upstreams.kiro import hosts
from tests.dataplane.upstreams.kiro.samples import lease
from tests.simulators.kiro import form, specs


@pytest.mark.parametrize(
    ("attributes", "host"),
    [
        ({}, hosts.RUNTIME),
        ({"host_profile": ""}, hosts.RUNTIME),
        ({"host_profile": "runtime"}, hosts.RUNTIME),
        ({"host_profile": "legacy"}, hosts.LEGACY),
        ({"host_profile": "one of tomorrow"}, hosts.RUNTIME),
    ],
)
def test_the_lease_names_the_hosts(attributes, host):
    assert hosts.of(lease(attributes=attributes)) is host


def test_legacy_bounds_are_no_wider_than_what_the_service_takes():
    assert hosts.LEGACY.description_bytes <= specs.DESCRIPTION_BYTES
    assert hosts.LEGACY.user_characters <= form.USER_CHARS
    assert hosts.LEGACY.result_characters <= form.RESULT_CHARS
