// A token a line in, a verdict a line out, with jsonwebtoken and jwks-rsa as their documentation joins
// them: `jwt.verify` asks `getKey`.
import { createInterface } from 'node:readline';

import jwt from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';

const [jwksUri, issuer, audience] = process.argv.slice(2);

const client = jwksClient({ jwksUri });

function getKey(header, callback) {
    client.getSigningKey(header.kid, (error, key) => {
        callback(error, key?.getPublicKey());
    });
}

for await (const token of createInterface({ input: process.stdin })) {
    const verdict = await new Promise((resolve) => {
        jwt.verify(token, getKey, { algorithms: ['RS256'], issuer, audience }, (error, claims) => {
            resolve(error ? { verified: false, reason: error.message } : { verified: true, claims });
        });
    });
    console.log(JSON.stringify(verdict));
}
