import pytest

from controlplane.domain.account import Account, AccountDraft, AuthMethod, Credentials
from controlplane.domain.kinds import KINDS, fixed, renewable
from controlplane.policy.addressing import WAYS
from controlplane.policy.families import PROFILES
from controlplane.policy.sign_ins import DEMANDS, method, rules

SIGNED_IN = Credentials("r", "a", "c", "s", "")


def account(kind, way, **given):
    return Account("acc", kind, "label", way, **given)


def test_every_way_and_every_kind_has_its_rows():
    assert set(DEMANDS) == set(PROFILES) == set(AuthMethod)
    assert set(WAYS) == set(KINDS)
    assert {way for kind in KINDS.values() for way in kind.auth_methods} == set(AuthMethod)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", AuthMethod)
def test_a_kind_has_its_own_ways(kind, way):
    (first, *_) = rules(account(kind, way), SIGNED_IN) or ((True, "", ""),)
    assert (first[1] == "authMethod" and not first[0]) == (way not in KINDS[kind].auth_methods)


@pytest.mark.parametrize(
    ("kind", "way", "credentials", "base", "field"),
    [
        ("kiro", AuthMethod.SOCIAL, Credentials(), "", "refreshToken"),
        ("kiro", AuthMethod.SOCIAL, Credentials("r"), "", None),
        ("kiro", AuthMethod.SOCIAL, Credentials("", "a"), "", None),
        ("kiro", AuthMethod.SOCIAL, Credentials("r", client_id="c"), "", "clientSecret"),
        ("kiro", AuthMethod.IDC, Credentials("r"), "", "clientId"),
        ("kiro", AuthMethod.IDC, Credentials("", "a"), "", None),
        ("kiro", AuthMethod.API_KEY, Credentials("r"), "", "apiKey"),
        ("openai", AuthMethod.API_KEY, Credentials(), "http://h", "apiKey"),
        ("openai", AuthMethod.NONE, Credentials(), "", "apiKey"),
        ("openai", AuthMethod.NONE, Credentials(), "http://h", None),
        ("openai", AuthMethod.NONE, Credentials(api_key="k"), "http://h", "authMethod"),
        ("anthropic", AuthMethod.API_KEY, Credentials(api_key="k"), "", None),
        ("kimi-web", AuthMethod.NONCE, Credentials(), "", None),
    ],
)
def test_what_a_way_needs(kind, way, credentials, base, field):
    broken = [rule[1] for rule in rules(account(kind, way, base_url=base), credentials) if not rule[0]]
    assert broken[:1] == ([field] if field else [])


def test_the_usual_way_is_taken_where_nothing_tells():
    assert {kind: method(AccountDraft(kind=kind)) for kind in KINDS} == {kind: KINDS[kind].auth_methods[0] for kind in KINDS}


@pytest.mark.parametrize(
    ("way", "credentials", "is_fixed", "is_renewable"),
    [
        (AuthMethod.SOCIAL, Credentials("r"), False, True),
        (AuthMethod.SOCIAL, Credentials("", "a"), False, False),
        (AuthMethod.SOCIAL, Credentials("r", api_key="k"), True, False),
        (AuthMethod.API_KEY, Credentials(api_key="k"), True, False),
        (AuthMethod.NONE, Credentials(), True, False),
        (AuthMethod.NONCE, Credentials(), False, True),
        (AuthMethod.NONCE, Credentials("", "nonce"), False, True),
    ],
)
def test_whether_a_bearer_can_be_had_again(way, credentials, is_fixed, is_renewable):
    one = account("kiro", way)
    assert (fixed(one, credentials), renewable(one, credentials)) == (is_fixed, is_renewable)
