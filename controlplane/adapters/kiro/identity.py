"""How requests to Kiro's account endpoints introduce themselves (Kiro wire notes, user agents).

The machine id is one stable value for each account: empty or shared ones were seen to bring
"suspicious activity" throttles.
"""

import uuid

from controlplane.domain.account import Account, AuthMethod


def sign_in(account: Account) -> dict[str, str]:
    """Headers of a refresh at the social sign-in service."""
    return {"user-agent": _product(account), "accept": "application/json, text/plain, */*"}


def single_sign_on() -> dict[str, str]:
    """Headers of a refresh at the OIDC service, which is never told the machine id."""
    return {
        "user-agent": f"aws-sdk-js/{OIDC_SDK} ua/2.1 {PLATFORM} api/sso-oidc#{OIDC_SDK} m/E KiroIDE",
        "x-amz-user-agent": f"aws-sdk-js/{OIDC_SDK} KiroIDE",
        "amz-sdk-invocation-id": str(uuid.uuid4()),
        "amz-sdk-request": "attempt=1; max=1",
        "accept": "application/json",
    }


def control(account: Account, bearer: str) -> dict[str, str]:
    """Headers of the models, usage and profiles calls."""
    product = _product(account)
    headers = {
        "authorization": f"Bearer {bearer}",
        "user-agent": f"aws-sdk-js/{SDK} ua/2.1 {PLATFORM} api/codewhispererruntime#{SDK} m/N,E {product}",
        "x-amz-user-agent": f"aws-sdk-js/{SDK} {product}",
        "x-amzn-codewhisperer-optout": "true",
        "amz-sdk-invocation-id": str(uuid.uuid4()),
        "amz-sdk-request": "attempt=1; max=1",
        "accept": "application/json",
    }
    if account.auth_method is AuthMethod.API_KEY:
        headers["tokentype"] = "API_KEY"
    return headers


def _product(account: Account) -> str:
    return f"KiroIDE-{KIRO}-{account.machine_id}" if account.machine_id else f"KiroIDE-{KIRO}"


# Values that clients sent in mid-2026; the services were not seen to check them.
KIRO = "0.12.155"
SDK = "1.0.0"
OIDC_SDK = "3.980.0"
PLATFORM = "os/linux lang/js md/nodejs#22.22.0"
