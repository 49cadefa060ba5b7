import { generateKeyPair, type CryptoKey, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oidcCallers, type OidcSettings } from '../../src/access/oidc.js';
import { startIssuer, type Issuer } from '../support/issuer.js';

let at: Issuer;
let issuer: string;

beforeAll(async () => {
  at = await startIssuer();
  issuer = at.url;
});

afterAll(() => at?.close());

const now = (): number => Math.floor(Date.now() / 1000);

interface Change {
  readonly claims?: JWTPayload;
  readonly header?: Record<string, unknown>;
  readonly key?: CryptoKey | Uint8Array;
}

/** A sound token of a viewer, but for what is changed. */
const signed = ({ claims, header, key }: Change = {}): Promise<string> => at.sign(claims, header, key);

const callers = (settings: Partial<OidcSettings> = {}) => oidcCallers({ issuer, audience: 'millrace', ...settings });

describe('a JWT of the issuer', () => {
  test('stands for its subject, with the role that its claim gives', async () => {
    const caller = await callers().callerOf(await signed());
    expect(caller).toEqual({ name: 'ada', kind: 'oidc', id: issuer, role: 'viewer', groups: ['viewer'] });
  });

  test('gives the highest of its roles, by the mapping of the config', async () => {
    const mapped = callers({ rolesClaim: 'realm_access.roles', roles: { viewer: ['staff'], admin: ['platform', 'root'] } });
    const token = (roles: unknown) => signed({ claims: { realm_access: { roles } } });
    expect(await mapped.callerOf(await token(['staff', 'platform', 'other']))).toMatchObject({ role: 'admin' });
    expect(await mapped.callerOf(await token('other staff'))).toMatchObject({ role: 'viewer' });
    // A role that is not mapped keeps its own name.
    expect(await mapped.callerOf(await token(['operator']))).toMatchObject({ role: 'operator' });
    await expect(mapped.callerOf(await token(['admin']))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('ada has no role here'),
    });
  });

  test('is limited to the pipelines that its claims name; a claim that is missing names none', async () => {
    const scoped = callers({ scope: { owners: 'teams', tags: 'https://example.com/tags' } });
    const token = await signed({ claims: { teams: ['sales', 7], 'https://example.com/tags': 'night day' } });
    expect(await scoped.callerOf(token)).toMatchObject({ scope: { owners: ['sales'], tags: ['night', 'day'] } });
    expect(await scoped.callerOf(await signed())).toMatchObject({ scope: { owners: [], tags: [] } });
  });

  test.each<[string, Change]>([
    ['of another issuer', { claims: { iss: 'https://elsewhere.example' } }],
    ['for another audience', { claims: { aud: 'billing' } }],
    ['without an audience', { claims: { aud: undefined } }],
    ['that has expired', { claims: { exp: now() - 60 } }],
    ['without an end', { claims: { exp: undefined } }],
    ['that is not valid yet', { claims: { nbf: now() + 600 } }],
    ['without a subject', { claims: { sub: undefined } }],
    ['of a key that the issuer does not have', { header: { kid: 'two' } }],
    ['with a role that is none', { claims: { roles: ['superuser'] } }],
    ['without roles', { claims: { roles: undefined } }],
    ['signed with a shared secret', { header: { alg: 'HS256' }, key: new TextEncoder().encode('x'.repeat(32)) }],
  ])('%s is refused', async (_, change) => {
    await expect(callers().callerOf(await signed(change))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('is refused when another key signed it, when it was changed, and when nobody signed it', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const [head = '', , signature = ''] = (await signed()).split('.');
    const text = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const admin = text({ iss: issuer, aud: 'millrace', sub: 'ada', roles: ['admin'], exp: now() + 600 });
    for (const forged of [
      await signed({ key: privateKey }),
      `${head}.${admin}.${signature}`,
      `${text({ alg: 'none' })}.${admin}.`,
      `${head}.${admin}.`,
      '..',
      'a.b.c',
    ]) {
      await expect(callers().callerOf(forged), forged).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  test('within half a minute of its end still counts, since clocks differ', async () => {
    expect(await callers().callerOf(await signed({ claims: { exp: now() - 10 } }))).toMatchObject({ name: 'ada' });
  });
});

test('the issuer is asked for its keys once, not for each token', async () => {
  const one = callers();
  await one.callerOf(await signed());
  const before = at.asked();
  for (let i = 0; i < 10; i += 1) await one.callerOf(await signed());
  expect(at.asked()).toBe(before);
});

test('an issuer that gives no keys is told apart from a wrong token, and asked again with the next call', async () => {
  const away = oidcCallers({ issuer: 'http://127.0.0.1:1', audience: 'millrace' });
  const token = await signed();
  for (let i = 0; i < 2; i += 1) {
    await expect(away.callerOf(token)).rejects.toMatchObject({ code: 'ISSUER_UNREACHABLE', retryable: true });
  }
  const odd = callers({ jwksUri: `${issuer}/nothing` });
  await expect(odd.callerOf(token)).rejects.toMatchObject({ code: 'ISSUER_UNREACHABLE' });
  // What another issuer says of itself is not believed.
  const other = callers({ issuer: issuer.replace('127.0.0.1', 'localhost') });
  await expect(other.callerOf(token)).rejects.toMatchObject({ code: 'ISSUER_UNREACHABLE' });
});
