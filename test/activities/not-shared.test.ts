import { expect, test } from 'vitest';
import { explainUnreachable } from '../../activities/not-shared.js';
import { TerminalError } from '../../src/core/errors.js';
import { formatWorkerIdentity, parseWorkerIdentity } from '../../src/core/worker-identity.js';

const missing = new TerminalError('FILE_MISSING', '"in/orders.csv" is out of reach.', { file: 'in/orders.csv' });
const made = (workerIdentity: string) => ({
  madeBy: {
    pipeline: 'p',
    workflowId: 'w',
    runId: 'r',
    namespace: 'default',
    loadScope: 's',
    step: 'extract:orders',
    attempt: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    workerIdentity,
  },
});

test('a local file that a worker of another machine has read is told to be there, and the step is tried again', () => {
  expect(explainUnreachable(missing, made('12@far/0a1b2c3d'), '4711@near/0a1b2c3d')).toMatchObject({
    code: 'FILE_NOT_SHARED',
    retryable: true,
    message: expect.stringMatching(
      /out of reach\. Step extract:orders read it on worker 12@far\/0a1b2c3d; this worker \(4711@near\/0a1b2c3d\) is on another machine.*copy: true/,
    ) as string,
    details: { file: 'in/orders.csv' },
  });
});

test('a file that is gone from the machine that read it is gone, and so is one of nobody knows which', () => {
  expect(explainUnreachable(missing, made('12@near'), '4711@near/0a1b2c3d')).toBe(missing);
  expect(explainUnreachable(missing, made('somebody'), '4711@near')).toBe(missing);
  expect(explainUnreachable(missing, {}, '4711@near')).toBe(missing);
  const changed = new TerminalError('FILE_CHANGED', 'It was changed.');
  expect(explainUnreachable(changed, made('12@far'), '4711@near')).toBe(changed);
});

test('a worker is read as it is written, with the id of its staging or without', () => {
  for (const identity of [
    { pid: 1, host: 'a-b.example' },
    { pid: 4711, host: 'h', staging: '0a1b2c3d' },
  ]) {
    expect(parseWorkerIdentity(formatWorkerIdentity(identity))).toEqual(identity);
  }
  for (const other of ['', 'somebody', 'x@y', '12@', '12@h/staging', '12@h/0a1b/2c']) {
    expect(parseWorkerIdentity(other), other).toBeUndefined();
  }
});
