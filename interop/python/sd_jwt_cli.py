"""PyPI's sd-jwt as issuer, holder and verifier: sd_jwt_cli.py verify|present|issue, JSON in and JSON out.

verify   {sd_jwt, issuer_key, aud?, nonce?}                  -> {claims}, or exit 1 with {error}
present  {sd_jwt, disclose, holder_key, aud, nonce}          -> {sd_jwt}
issue    {claims, disclose, issuer_key, holder_key, header}  -> {sd_jwt}

Keys are JWKs. `disclose` names members, and in lists says `true` or what to disclose of each item.
"""

import json
import sys

from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier


def key(jwk):
    return JWK(**jwk)


def verify(asked):
    issuer_key = key(asked["issuer_key"])
    checked = SDJWTVerifier(asked["sd_jwt"], lambda _issuer, _header: issuer_key, asked.get("aud"), asked.get("nonce"))
    return {"claims": checked.get_verified_payload()}


def present(asked):
    holder = SDJWTHolder(asked["sd_jwt"])
    holder.create_presentation(asked["disclose"], asked["nonce"], asked["aud"], key(asked["holder_key"]))
    return {"sd_jwt": holder.sd_jwt_presentation}


def concealed(value, disclose):
    """Returns the claims with everything wrapped that the holder may disclose selectively."""
    if isinstance(value, dict):
        wrap = lambda name: SDObj(name) if name in disclose else name
        return {wrap(name): concealed(inner, disclose) for name, inner in value.items()}
    if isinstance(value, list):
        return [SDObj(concealed(inner, disclose)) if "[]" in disclose else concealed(inner, disclose) for inner in value]
    return value


def issue(asked):
    claims = concealed(asked["claims"], asked["disclose"])
    issued = SDJWTIssuer(
        claims,
        key(asked["issuer_key"]),
        key(asked["holder_key"]),
        add_decoy_claims=True,
        extra_header_parameters=asked["header"],
    )
    return {"sd_jwt": issued.sd_jwt_issuance}


def main():
    commands = {"verify": verify, "present": present, "issue": issue}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    asked = json.load(sys.stdin)
    try:
        answer = commands[sys.argv[1]](asked)
    except Exception as error:  # The library raises many types.
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
        sys.exit(1)
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
