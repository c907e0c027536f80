"""The two families of Kiro hosts as data: they do not validate alike (Kiro rules, section 0).

RUNTIME is `runtime.{region}.kiro.dev`. LEGACY are `q.` and `codewhisperer.{region}.amazonaws.com`,
which refuse more. Which one an account speaks to is the control plane's knowledge, told in the lease.
"""

from dataclasses import dataclass

from dataplane.upstreams.base import Lease

ATTRIBUTE = "host_profile"


@dataclass(slots=True, frozen=True)
class Host:
    """What a body must look like for one family of hosts.

    `assistant_text` stands for no text beside tool uses (C03). `description_bytes` is the longest
    description of a tool in UTF-8; the rest moves to the system text (S04). `conservative` is for
    hosts that take seven-key schemas only (S08). `user_characters` and `result_characters` bound the
    text of one message and of one result, 0 for no bound (C05).
    """

    name: str
    assistant_text: str
    description_bytes: int
    conservative: bool
    user_characters: int
    result_characters: int


# The newest host took descriptions of 100 000 bytes; 32 KiB only keeps absurd ones out of the specification.
RUNTIME = Host("runtime", "", 32_768, conservative=False, user_characters=0, result_characters=0)
# The public model says 10 240 bytes and 600 000 / 800 000 characters; descriptions failed from about 10 000 on.
LEGACY = Host("legacy", " ", 10_000, conservative=True, user_characters=600_000, result_characters=800_000)


def of(lease: Lease) -> Host:
    """The hosts of the lease's account; a profile that is missing or unknown means the current ones."""
    return _PROFILES.get(lease.attributes.get(ATTRIBUTE, ""), RUNTIME)


_PROFILES = {host.name: host for host in (RUNTIME, LEGACY)}
