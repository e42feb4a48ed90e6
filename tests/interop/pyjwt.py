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
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["RS256"], issuer=issuer, audience=audience)
        verdict = {"verified": True, "claims": claims}
    except jwt.PyJWTError as error:
        verdict = {"verified": False, "reason": str(error)}
    print(json.dumps(verdict), flush=True)
