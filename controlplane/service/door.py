"""Everything about signing in, wired: the same for the service and for the command that resets the password."""

from dataclasses import dataclass

from controlplane.service.administration import Administration, Proofs
from controlplane.service.audit import Audit
from controlplane.service.background import Background
from controlplane.service.failures import Failures
from controlplane.service.ports import Clock, Vault
from controlplane.service.proving import CodeProof, PasswordProof
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.sessions import Sessions, SessionStore
from controlplane.service.tokens import Tokens, TokenStore
from controlplane.service.users import Passwords, Users, UserStore


@dataclass(frozen=True)
class DoorStores:
    """Who may sign in and who has, and the slow hash of passwords."""

    users: UserStore
    sessions: SessionStore
    tokens: TokenStore
    hashes: Passwords


@dataclass(frozen=True)
class Surroundings:
    """What else signing in stands on."""

    vault: Vault
    clock: Clock
    settings: RuntimeSettings
    background: Background
    audit: Audit


@dataclass(frozen=True)
class Door:
    """The use cases of signing in; nothing is loaded yet."""

    users: Users
    sessions: Sessions
    tokens: Tokens
    passwords: PasswordProof
    administration: Administration


def built(stores: DoorStores, around: Surroundings) -> Door:
    """The use cases over what they stand on."""
    clock, background = around.clock, around.background
    sessions = Sessions(stores.sessions, around.vault, clock, background)
    users = Users(stores.users, stores.hashes, sessions, clock, background)
    tokens = Tokens(stores.tokens, around.vault, clock, background)
    passwords = PasswordProof(users, stores.hashes, around.vault, around.settings)
    proofs = Proofs(passwords, CodeProof(users, clock), Failures(around.audit, clock, background))
    return Door(users, sessions, tokens, passwords, Administration(users, sessions, tokens, proofs, clock))
