// oauth2-mock-server on a free port, with its endpoints where Auth0 has them. It signs with two keys in
// turn, and leaves the audience to this hook.
import { Events, OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server(undefined, undefined, {
    endpoints: { token: '/oauth/token', jwks: '/.well-known/jwks.json' },
});
await server.issuer.keys.generate('RS256');
await server.issuer.keys.generate('RS256');
server.service.on(Events.BeforeTokenSigning, (token, request) => {
    token.payload.aud = request.body.audience;
});
await server.start(0, '127.0.0.1');
console.log(`listening on ${server.issuer.url}`);
