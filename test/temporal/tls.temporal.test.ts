import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectTemporal } from '../../src/temporal/connect.js';
import { temporalTarget } from '../../src/temporal/target.js';
import { describeRun } from '../../src/temporal/describe-run.js';
import { messageOf } from '../../src/core/errors.js';
import { makeAuthority, type Authority, type Certificate } from '../support/certificates.js';
import { lastingFolder } from '../support/folder.js';
import { temporalAddress } from '../support/temporal.js';
import { openTlsFront, type TlsFront, type TlsFrontOptions } from '../support/tls-front.js';

const folder = lastingFolder();
const fronts: TlsFront[] = [];
let plain: string;
let authority: Authority;
let server: Certificate;
let client: Certificate;

beforeAll(async () => {
  plain = await temporalAddress();
  authority = makeAuthority(folder, 'authority');
  server = authority.issue('server', ['DNS:temporal.test', 'IP:127.0.0.1']);
  client = authority.issue('client', ['DNS:worker']);
});
// Nothing of this machine may play a part.
beforeAll(() => void (process.env['TEMPORAL_CONFIG_FILE'] = join(folder, 'none.toml')));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => Promise.all(fronts.map((front) => front.close())));

async function openFront(options: Partial<TlsFrontOptions> = {}): Promise<string> {
  const opened = await openTlsFront({ upstream: plain, server, ...options });
  fronts.push(opened);
  return `127.0.0.1:${opened.port}`;
}

function set(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(`TEMPORAL_${name}`, value);
}

async function expectConnected(): Promise<void> {
  const temporal = await connectTemporal();
  await expect(describeRun(temporal, { workflowId: 'nobody' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  await temporal.close();
}

async function refusal(): Promise<{ code: unknown; message: string }> {
  const before = Date.now();
  try {
    await (await connectTemporal()).close();
  } catch (error) {
    expect(Date.now() - before).toBeLessThan(10_000);
    return { code: (error as { code?: unknown }).code, message: messageOf(error) };
  }
  throw new Error('The connection was not refused');
}

describe('a server behind TLS', () => {
  test('is reached with its authority', async () => {
    set({ ADDRESS: await openFront(), TLS_SERVER_CA_CERT_PATH: authority.certFile });
    await expectConnected();
  });

  test('is reached by another name than its certificate’s when that name is told', async () => {
    const named = authority.issue('named', ['DNS:temporal.test']);
    set({ ADDRESS: await openFront({ server: named }), TLS_SERVER_CA_CERT_PATH: authority.certFile });
    const { code, message } = await refusal();
    expect(code).toBe('TEMPORAL_TLS');
    expect(message).toContain('for another name');
    expect(message).toContain('set TEMPORAL_TLS_SERVER_NAME');
    set({ TLS_SERVER_NAME: 'temporal.test' });
    await expectConnected();
  });

  test('is reached with a client certificate where it asks for one', async () => {
    set({ ADDRESS: await openFront({ clientAuthority: authority.cert }), TLS_SERVER_CA_CERT_PATH: authority.certFile });
    set({ TLS_CLIENT_CERT_PATH: client.certFile, TLS_CLIENT_KEY_PATH: client.keyFile });
    await expectConnected();
  });

  test('is reached with its API key', async () => {
    set({ ADDRESS: await openFront({ apiKey: 'key-1' }), TLS_SERVER_CA_CERT_PATH: authority.certFile, API_KEY: 'key-1' });
    await expectConnected();
  });

  test('is reached by a profile of Temporal’s config file, from the variable or by name', async () => {
    const address = await openFront({ apiKey: 'key-2', clientAuthority: authority.cert });
    const tls = `[profile.mill.tls]\nserver_ca_cert_path = "${authority.certFile}"\nclient_cert_path = "${client.certFile}"\nclient_key_path = "${client.keyFile}"\n`;
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, `[profile.mill]\naddress = "${address}"\nnamespace = "default"\napi_key = "key-2"\n${tls}`);
    set({ CONFIG_FILE: file });
    expect(temporalTarget({ profile: 'mill' })).toMatchObject({ address, namespace: 'default', options: { apiKey: 'key-2' } });
    set({ PROFILE: 'mill' });
    await expectConnected();
  });
});

describe('what is wrong is said within 10 s', () => {
  const cases: [string, () => Promise<void>, RegExp][] = [
    [
      'an authority that this machine does not know',
      async () => set({ ADDRESS: await openFront(), TLS: 'true' }),
      /by an authority this machine does not know .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    ],
    [
      'the wrong authority',
      async () => set({ ADDRESS: await openFront(), TLS_SERVER_CA_CERT_PATH: makeAuthority(folder, 'stranger').certFile }),
      /is not by the authority in TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
    ],
    [
      'an expired certificate',
      async () => {
        const expired = authority.issue('expired', ['IP:127.0.0.1'], -1);
        set({ ADDRESS: await openFront({ server: expired }), TLS_SERVER_CA_CERT_PATH: authority.certFile });
      },
      /certificate has expired.*clock/,
    ],
    [
      'no client certificate where one is asked for',
      async () =>
        set({ ADDRESS: await openFront({ clientAuthority: authority.cert }), TLS_SERVER_CA_CERT_PATH: authority.certFile }),
      /wants a client certificate. Set TEMPORAL_TLS_CLIENT_CERT_PATH/,
    ],
    [
      'a client certificate by another authority',
      async () => {
        const other = makeAuthority(folder, 'other').issue('intruder', ['DNS:worker']);
        set({ ADDRESS: await openFront({ clientAuthority: authority.cert }), TLS_SERVER_CA_CERT_PATH: authority.certFile });
        set({ TLS_CLIENT_CERT_PATH: other.certFile, TLS_CLIENT_KEY_PATH: other.keyFile });
      },
      /does not accept the client certificate .*TEMPORAL_TLS_CLIENT_CERT_PATH/,
    ],
    [
      'a plain client at a TLS port',
      async () => set({ ADDRESS: await openFront() }),
      /the server speaks TLS, and TLS is off here. Set TEMPORAL_TLS=true/,
    ],
    ['TLS at a plain port', async () => set({ ADDRESS: plain, TLS: 'true' }), /TLS is on, and the server speaks none/],
    ['an API key at a plain port', async () => set({ ADDRESS: plain, API_KEY: 'k' }), /an API key is set, which turns TLS on/],
  ];
  test.each(cases)('%s', async (_, prepare, says) => {
    await prepare();
    const { code, message } = await refusal();
    expect(code).toBe('TEMPORAL_TLS');
    expect(message).toMatch(says);
    expect(message).toMatch(/^TLS with the Temporal server at 127\.0\.0\.1:\d+ failed: /);
  });

  test('a wrong API key, which is not shown', async () => {
    set({ ADDRESS: await openFront({ apiKey: 'right' }), TLS_SERVER_CA_CERT_PATH: authority.certFile, API_KEY: 'hush-hush' });
    const { code, message } = await refusal();
    expect(code).toBe('CREDENTIALS_REJECTED');
    expect(message).toMatch(/refuses the credentials: .*unknown API key.*Correct TEMPORAL_API_KEY/);
    expect(message).not.toContain('hush-hush');
  });

  test('a missing API key', async () => {
    set({ ADDRESS: await openFront({ apiKey: 'right' }), TLS_SERVER_CA_CERT_PATH: authority.certFile });
    expect(await refusal()).toMatchObject({
      code: 'CREDENTIALS_REJECTED',
      message: expect.stringContaining('No API key is set: set TEMPORAL_API_KEY') as string,
    });
  });

  test('an unknown namespace', async () => {
    set({ ADDRESS: plain, NAMESPACE: 'nowhere' });
    const { code, message } = await refusal();
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain('has no namespace "nowhere"');
    expect(message).toContain('temporal operator namespace create --namespace nowhere');
  });

  test('a user who may not look at namespaces connects all the same', async () => {
    const address = await openFront({ forbidden: ['WorkflowService/DescribeNamespace'] });
    set({ ADDRESS: address, TLS_SERVER_CA_CERT_PATH: authority.certFile });
    await expectConnected();
  });
});
