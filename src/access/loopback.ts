import { isIP } from 'node:net';

/** Whether an address is reached from this machine only. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (plain === 'localhost' || plain === '::1' || plain === '::ffff:127.0.0.1') return true;
  return isIP(plain) === 4 && plain.startsWith('127.');
}
