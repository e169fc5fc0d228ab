"""PyPI's openbadgeslib as a verifier of Open Badges 3.0: open_badges_verifier.py, JSON in and JSON out.

{token, did, base, recipient?} -> {issuer, recipient, achievement}, or exit 1 with {error}

The key is that of the did:web document, and the status list and its signature are checked.
"""

import json
import sys
import urllib.request

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.verifier import OB3Verifier


def main():
    asked = json.load(sys.stdin)

    def download(address, *_, **__):
        """Fetches a document. did:web means https, and the server under test is a plain address of this machine."""
        local = address.replace("https://", "http://", 1) if address.startswith("https://localhost") else address
        if not local.startswith(asked["base"]):
            raise ValueError(f"{address} is not at {asked['base']}")
        with urllib.request.urlopen(local, timeout=10) as answer:
            return answer.read()

    try:
        verifier = OB3Verifier.for_issuer_did(asked["did"], download=download)
        badge = verifier.verify(asked["token"], asked.get("recipient"), check_status=True, download=download)
    except (LibOpenBadgesException, ValueError) as error:
        print(json.dumps({"error": str(error)}))
        return 1
    print(json.dumps({"issuer": badge.issuer.id, "recipient": badge.recipient_id, "achievement": badge.achievement.name}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
