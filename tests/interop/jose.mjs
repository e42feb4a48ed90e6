// A token a line in, a verdict a line out, with jose.
import { createInterface } from 'node:readline';

import { createRemoteJWKSet, jwtVerify } from 'jose';

const [jwksUri, issuer, audience] = process.argv.slice(2);

// By default it does not look for a new key within 30 seconds of the last fetch; the test does not
// wait so long.
const remote = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: 0 });

// AD FS names the key by x5t alone.
const keys = (header, token) => remote({ ...header, kid: header.kid ?? header.x5t }, token);

// Tokens for a client alone have no audience.
const options = { algorithms: ['RS256'], issuer, audience: audience || undefined };

for await (const token of createInterface({ input: process.stdin })) {
    let verdict;
    try {
        const { payload } = await jwtVerify(token, keys, options);
        verdict = { verified: true, claims: payload };
    } catch (error) {
        verdict = { verified: false, reason: error.message };
    }
    console.log(JSON.stringify(verdict));
}
