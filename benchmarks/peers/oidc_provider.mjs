// Peer (c): node's oidc-provider as its documentation sets it up: client credentials, JWT access tokens signed RS256,
// everything in memory: no row, no record, nothing to be stopped.
import cluster from 'node:cluster';
import { generateKeyPairSync } from 'node:crypto';

const port = Number(process.env.PORT);

if (cluster.isPrimary) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = JSON.stringify(privateKey.export({ format: 'jwk' }));
  for (let number = 0; number < 2; number += 1) cluster.fork({ KEY: key });
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
    process.exit(0);
  });
} else {
  const { default: Provider } = await import('oidc-provider');
  const scope = 'roles';
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{
      client_id: process.env.CLIENT_ID, client_secret: process.env.CLIENT_SECRET,
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      token_endpoint_auth_method: 'client_secret_basic', scope,
    }],
    jwks: { keys: [{ ...JSON.parse(process.env.KEY), kid: 'bench', alg: 'RS256', use: 'sig' }] },
    scopes: [scope],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:bench',
        getResourceServerInfo: () => ({
          scope, audience: 'urn:bench', accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
  provider.listen(port, '127.0.0.1');
}
