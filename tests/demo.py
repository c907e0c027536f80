"""`make demo`: the whole stack with a simulated Kiro behind it, an account and a key ready."""

import json
import signal
import sys
import time
import urllib.request

from tests.stack import ADMIN_PASSWORD, PROXY_KEY, Stack

PORTS = (8000, 8001, 50051, 50052, 8002)

READY = """
Headgate is running with a simulated Kiro account behind it ({seconds:.1f} s to ready). Nothing here needs a credential.

  key                {key}
  OpenAI clients     OPENAI_BASE_URL={gateway}/v1
  Anthropic clients  ANTHROPIC_BASE_URL={gateway}
  console            {console}   (password {password})

In another terminal:

  curl -N {gateway}/v1/messages -H "x-api-key: {key}" -H "content-type: application/json" \\
    -d '{{"model":"claude-sonnet-4.5","max_tokens":300,"stream":true,"messages":[{{"role":"user","content":"Hello!"}}]}}'

Here is one answer, as it streams in:
"""


def main() -> int:
    # Also where SIGINT is ignored, as in a shell's background jobs, and for SIGTERM: both end it in order.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with Stack(demo=True, ports=PORTS) as stack:
            stack.add_account("demo")
            print(
                READY.format(
                    seconds=stack.seconds_to_ready, key=PROXY_KEY, password=ADMIN_PASSWORD, gateway=stack.gateway, console=stack.console
                )
            )
            stream(stack.gateway)
            print("\nCtrl-C stops everything.", flush=True)
            while stack.alive():
                time.sleep(0.5)
    except KeyboardInterrupt:
        return 0
    except (RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1


def stream(gateway: str) -> None:
    """One streamed chat completion, printed piece by piece as it comes."""
    body = b'{"model":"claude-sonnet-4.5","stream":true,"messages":[{"role":"user","content":"What is a gateway for?"}]}'
    headers = {"authorization": f"Bearer {PROXY_KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{gateway}/v1/chat/completions", body, headers)) as answer:
        for line in answer:
            if line.startswith(b"data: {"):
                delta = json.loads(line[6:])["choices"][0]["delta"]
                print(delta.get("content", ""), end="", flush=True)
    print()


if __name__ == "__main__":
    sys.exit(main())
