import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signDelivery, verifyDelivery } from '../../src/operations/webhook-signature.js';

const SECRET = 'thirty-two bytes of real chance!';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const given = { id: 'msg_1', timestamp: String(NOW / 1000), body: '{"order":1}' };
const signed = (changes: object = {}, secret = SECRET) => ({
  ...given,
  signature: signDelivery(given, secret),
  ...changes,
  body: Buffer.from((changes as { body?: string }).body ?? given.body),
});
const verify = (changes: object = {}, now = NOW) => verifyDelivery(signed(changes), SECRET, now);

test('a delivery is signed over its id, its timestamp and its body, with dots between', () => {
  const expected = createHmac('sha256', SECRET).update('msg_1.1767225600.{"order":1}').digest('base64');
  expect(signDelivery(given, SECRET)).toBe(`v1,${expected}`);
  expect(verify()).toBe('msg_1');
});

test('a secret may be written in base64, after whsec_', () => {
  const encoded = `whsec_${Buffer.from(SECRET).toString('base64')}`;
  expect(verifyDelivery(signed({}, encoded), SECRET, NOW)).toBe('msg_1');
});

test('one of several signatures is enough, as while a secret is replaced', () => {
  expect(verify({ signature: `v1,${Buffer.from('x'.repeat(32)).toString('base64')} ${signDelivery(given, SECRET)}` })).toBe(
    'msg_1',
  );
});

describe('a delivery is refused', () => {
  test.each([
    ['with another body', { body: '{"order":2}' }],
    ['with another id', { id: 'msg_2' }],
    ['with another timestamp', { timestamp: String(NOW / 1000 + 1) }],
    ['with the signature of another secret', { signature: signDelivery(given, 'x'.repeat(32)) }],
    ['with another kind of signature', { signature: signDelivery(given, SECRET).replace('v1', 'v2') }],
    ['with half a signature', { signature: signDelivery(given, SECRET).slice(0, 20) }],
    ['with an empty signature', { signature: '' }],
    ['without a signature', { signature: undefined }],
    ['without an id', { id: undefined }],
    ['with an id of two words', { id: 'a b' }],
    ['without a timestamp', { timestamp: undefined }],
    ['with a timestamp that is no number', { timestamp: 'yesterday' }],
  ])('%s', (_name, changes) => {
    expect(() => verify(changes)).toThrow(expect.objectContaining({ code: 'SIGNATURE_INVALID' }));
  });

  test.each([301_000, -301_000])('that was signed %s ms away from now', (apart) => {
    expect(() => verify({}, NOW + apart)).toThrow('300 s are allowed');
    expect(verify({}, NOW + apart - Math.sign(apart) * 1_000)).toBe('msg_1');
  });

  test('by whoever has a secret that can be guessed', () => {
    expect(() => verifyDelivery(signed(), 'short', NOW)).toThrow(expect.objectContaining({ code: 'ENV_INVALID' }));
  });
});
