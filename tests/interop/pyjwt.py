"""A token a line in, a verdict a line out, with PyJWT and its PyJWKClient."""

import json
import sys

import jwt

jwks_uri, issuer, audience = sys.argv[1:]

# By default it does not look for a new key within 30 seconds of the last fetch; the test does not wait
# so long.
keys = jwt.PyJWKClient(jwks_uri, cooldown_duration=0)

for line in sys.stdin:
    token = line.strip()
    try:
        header = jwt.get_unverified_header(token)
        # AD FS names the key by x5t alone.
        key = keys.get_signing_key(header.get("kid") or header["x5t"])
        # Tokens for a client alone have no audience.
        claims = jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, audience=audience or None)
        verdict = {"verified": True, "claims": claims}
    except jwt.PyJWTError as error:
        verdict = {"verified": False, "reason": str(error)}
    print(json.dumps(verdict), flush=True)
