import path from 'node:path';
import { expect, test } from 'vitest';
import { millrace } from './millrace.js';

const fixture = (name: string): string => path.resolve(import.meta.dirname, '../fixtures', name);

test('a replay of a pipeline that nothing is of and the config has not is refused, and does not pass', async () => {
  const from = ['replay', '--from', fixture('histories'), '--project', fixture('shop'), '--pipeline'];
  const { code, stderr } = await millrace([...from, 'loadOder']);
  expect(code).toBe(3);
  expect(stderr).toContain('The config has no pipeline "loadOder".');
  const none = await millrace([...from, 'housekeeping']);
  expect(none).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^There is no history to replay: .*has no run of housekeeping\.$/m) as string,
  });
});
