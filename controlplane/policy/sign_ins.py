"""Ways to sign in: which one an account's credentials tell, and what each of them needs.

A rule is a condition that holds, or else a field, as the outside contract spells it, and what is wrong with it.
"""

from collections.abc import Callable, Mapping, Sequence

from controlplane.domain.account import Account, AccountDraft, AuthMethod, Credentials
from controlplane.domain.kinds import KINDS

Rule = tuple[bool, str, str]


def method(draft: AccountDraft) -> AuthMethod:
    """How an account signs in, told from what was given; else as accounts of its kind usually do."""
    told = AuthMethod.NONE if draft.base_url else None
    if draft.api_key:
        told = AuthMethod.API_KEY
    elif draft.client_id and draft.client_secret:
        told = AuthMethod.IDC
    methods = KINDS[draft.kind].auth_methods
    return told if told in methods else methods[0]


def rules(account: Account, credentials: Credentials) -> Sequence[Rule]:
    """What must hold of an account that signs in as this one is said to."""
    methods = KINDS[account.kind].auth_methods
    if account.auth_method not in methods:
        return ((False, "authMethod", f"of an account of kind {account.kind} is one of {', '.join(methods)}"),)
    return DEMANDS[account.auth_method](account, credentials)


def _social(_account: Account, credentials: Credentials) -> Sequence[Rule]:
    return (_signed_in(credentials), *(_registered(credentials) if credentials.client_id or credentials.client_secret else ()))


def _idc(_account: Account, credentials: Credentials) -> Sequence[Rule]:
    return (_signed_in(credentials), *_registered(credentials))


def _signed_in(credentials: Credentials) -> Rule:
    return (bool(credentials.bearer or credentials.refresh_token), "refreshToken", "is required, or accessToken or apiKey in its place")


def _registered(credentials: Credentials) -> Sequence[Rule]:
    """The client that a refresh token was given to is half of an IdC sign-in."""
    unused, phrase = not credentials.refresh_token, "is required: an idc account is refreshed with clientId and clientSecret"
    return (unused or bool(credentials.client_id), "clientId", phrase), (unused or bool(credentials.client_secret), "clientSecret", phrase)


def _api_key(_account: Account, credentials: Credentials) -> Sequence[Rule]:
    return ((bool(credentials.api_key), "apiKey", "is required"),)


def _nobody(account: Account, credentials: Credentials) -> Sequence[Rule]:
    return (
        (not credentials.api_key, "authMethod", "cannot be none with an apiKey"),
        (bool(account.base_url), "apiKey", "is required, but at an endpoint of your own, named by baseUrl"),
    )


def _nonce(_account: Account, _credentials: Credentials) -> Sequence[Rule]:
    return ()


DEMANDS: Mapping[AuthMethod, Callable[[Account, Credentials], Sequence[Rule]]] = {
    AuthMethod.SOCIAL: _social,
    AuthMethod.IDC: _idc,
    AuthMethod.API_KEY: _api_key,
    AuthMethod.NONE: _nobody,
    AuthMethod.NONCE: _nonce,
}
