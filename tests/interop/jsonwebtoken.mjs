// A token a line in, a verdict a line out, with jsonwebtoken and jwks-rsa as their documentation joins
// them: `jwt.verify` asks `getKey`.
import { createInterface } from 'node:readline';

import jwt from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';

const [jwksUri, issuer, audience] = process.argv.slice(2);

const client = jwksClient({ jwksUri });

// Tokens for a client alone have no audience.
const options = { algorithms: ['RS256'], issuer, audience: audience || undefined };

function getKey(header, callback) {
    // AD FS names the key by x5t alone.
    client.getSigningKey(header.kid ?? header.x5t, (error, key) => {
        callback(error, key?.getPublicKey());
    });
}

for await (const token of createInterface({ input: process.stdin })) {
    const verdict = await new Promise((resolve) => {
        jwt.verify(token, getKey, options, (error, claims) => {
            resolve(error ? { verified: false, reason: error.message } : { verified: true, claims });
        });
    });
    console.log(JSON.stringify(verdict));
}
