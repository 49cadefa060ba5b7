import { inject } from 'vitest';

/**
 * The address of a server that all test files share, started by the first who asks. Rejects with the reason when it
 * can't be started: a test that can't run fails.
 */
export async function sharedServer(name: 'postgres' | 'temporal' | 's3'): Promise<string> {
  const answer = await fetch(`${inject('sharedServers')}/${name}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The tests' ${name} server did not start: ${text}`);
  return text;
}
