import hashlib

import pytest

from controlplane.domain.account import Account, AuthMethod, Credentials
from controlplane.policy.families import machine_id, profiled

OWN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/OWN"


def account(**given):
    return Account("acc", "kiro", "label", given.pop("auth_method", AuthMethod.SOCIAL), **given)


def test_the_own_profile_comes_before_the_familys():
    tokens, key = Credentials(refresh_token="r"), Credentials(api_key="k")
    assert profiled(account(profile_arn=OWN), tokens).profile_arn == OWN
    assert profiled(account(), tokens).profile_arn.endswith("699475941385:profile/EHGA3GRVQMUK")
    assert profiled(account(auth_method=AuthMethod.IDC), tokens).profile_arn.endswith("638616132270:profile/AAAACCCCXXXX")
    assert profiled(account(profile_arn=OWN), key).profile_arn == OWN
    for method in AuthMethod:
        assert profiled(account(auth_method=method), key).profile_arn == ""


@pytest.mark.parametrize(
    ("region", "profile", "api"),
    [
        ("us-east-1", "", "us-east-1"),
        ("us-west-2", "", "us-east-1"),
        ("ap-southeast-1", "", "us-east-1"),
        ("eu-west-1", "", "eu-central-1"),
        ("eu-central-1", "", "eu-central-1"),
        ("us-east-1", OWN, "eu-central-1"),
        ("eu-west-1", OWN.replace("eu-central-1", "us-east-1"), "us-east-1"),
    ],
)
def test_the_region_of_the_api(region, profile, api):
    assert account(region=region, profile_arn=profile).api_region == api


def test_a_machine_id_is_taken_doubled_or_derived():
    secrets = Credentials(refresh_token="r")
    derived = hashlib.sha256(b"KotlinNativeAPI/r").hexdigest()
    assert machine_id("A" * 64, secrets) == "a" * 64
    assert machine_id("01234567-89ab-cdef-0123-456789abcdef", secrets) == "0123456789abcdef" * 4
    assert machine_id("", secrets) == derived
    assert machine_id("my laptop", secrets) == derived
    assert machine_id("", Credentials(api_key="k")) == hashlib.sha256(b"KiroAPIKey/k").hexdigest()
