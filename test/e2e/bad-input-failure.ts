import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { WorkflowFailedError, type ApplicationFailure, type WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { RunStateView } from '../../workflows/run-state-view.js';
import { temporalAddress, temporalCli } from '../support/temporal.js';
import { ledgerRows, WRONG_PASSWORD, type Scene } from './bad-input-scene.js';

/** Nobody should have to wait longer to learn of bad input. */
const LIMIT_MS = 10_000;

/** One failed run, as everybody who looks at it sees it. */
export interface Failure {
  readonly workflowId: string;
  readonly code: string;
  readonly message: string;
  readonly tookMs: number;
  /** Events of the history with payloads as text. */
  readonly history: string;
  /** The highest attempt of each step that was started. */
  readonly attempts: Readonly<Record<string, number>>;
}

/** What a message must hold for the one who reads it at night. */
export interface Expected {
  readonly code: string;
  /** The step that failed; absent when the run failed before its first. */
  readonly step?: string;
  /** What failed, where, why and what to do: texts, all of which the message holds. */
  readonly says: readonly string[];
}

/** Runs the pipeline `carry` to its end, which has to be a failure. `during` goes on beside it. */
export async function failedRun(
  scene: Scene,
  params: Readonly<Record<string, unknown>>,
  during: (handle: WorkflowHandle) => Promise<void> = () => Promise.resolve(),
): Promise<Failure> {
  const started = Date.now();
  const handle = await scene.worker.start('carry', [params]);
  await during(handle);
  const error = await handle.result().then(
    (result: unknown) => {
      throw new Error(`The run did not fail but gave ${JSON.stringify(result)}`);
    },
    (failure: unknown) => failure as WorkflowFailedError,
  );
  if (!(error instanceof WorkflowFailedError)) throw error;
  const tookMs = Date.now() - started;
  const cause = error.cause as ApplicationFailure;
  return {
    workflowId: handle.workflowId,
    code: cause.type ?? '',
    message: cause.message,
    tookMs,
    ...(await readHistory(handle)),
  };
}

async function readHistory(handle: WorkflowHandle): Promise<Pick<Failure, 'history' | 'attempts'>> {
  const { events = [] } = await handle.fetchHistory();
  const steps = new Map<string, string>();
  const attempts: Record<string, number> = {};
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes;
    if (scheduled) steps.set(String(event.eventId), scheduled.activityId ?? '');
    const started = event.activityTaskStartedEventAttributes;
    if (started) attempts[steps.get(String(started.scheduledEventId)) ?? ''] = started.attempt ?? 0;
  }
  const history = JSON.stringify(events, (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : value,
  );
  return { history, attempts };
}

/**
 * Holds a failure against the rules for bad input: a message that stands alone, at once, after one attempt, known to the
 * catalog, and nothing in the ledger.
 */
export async function expectTerminal(scene: Scene, failure: Failure, expected: Expected): Promise<void> {
  expectMessage(failure.message, expected);
  expect(failure.code).toBe(expected.code);
  expect(failure.tookMs).toBeLessThan(LIMIT_MS);
  for (const [step, attempts] of Object.entries(failure.attempts)) expect(attempts, `attempts of ${step}`).toBe(1);
  expect(failure.history).not.toContain(WRONG_PASSWORD);
  expect(await ledgerRows(scene, failure.workflowId)).toBe(0);
  if (expected.step !== undefined) await expectInCatalog(scene, failure, expected.step);
}

/** A message says everything once: its step, place, cause and remedy, then the code; no stack, no second code. */
export function expectMessage(message: string, { code, step, says }: Expected): void {
  for (const text of says) expect(message).toContain(text);
  expect(message.match(/\[[A-Z]+(?:_[A-Z]+)*\]/g)).toEqual([`[${code}]`]);
  expect(message.endsWith(` [${code}]`)).toBe(true);
  const steps = message.match(/Step \S+ failed/g) ?? [];
  expect(steps).toEqual(step === undefined ? [] : [`Step ${step} failed`]);
  expect(message).not.toMatch(
    /\n\s+at |\.\. |;\.| Error: .* Error: |undefined [^(]|\[object|SQLSTATE|LINE \d+:|WorkflowFailed|ActivityFail/,
  );
  expect(message.length).toBeLessThan(700);
}

async function expectInCatalog({ catalog }: Scene, failure: Failure, step: string): Promise<void> {
  const run = await catalog.findRun(failure.workflowId);
  expect(run).toMatchObject({ status: 'failed', error: { code: failure.code, message: failure.message } });
  const steps = await catalog.listSteps(failure.workflowId, run?.runId ?? '');
  expect(steps.find((candidate) => candidate.step === step)).toMatchObject({
    status: 'failed',
    error: { code: failure.code, willRetry: false },
  });
  expect(JSON.stringify([run, steps])).not.toContain(WRONG_PASSWORD);
}

/** Waits until the run has finished a step, which its `state` query tells. */
export async function untilDone(handle: WorkflowHandle, step: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (Date.now() < deadline) {
    const { steps } = await handle.query<RunStateView>('state');
    if (steps.some((candidate) => candidate.step === step && candidate.status === 'done')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${step} did not finish`);
}

/** What a person at a terminal gets. */
export interface Terminal {
  readonly exitCode: number;
  readonly output: string;
  readonly tookMs: number;
}

/** Starts a run and waits for it with the real `temporal` program. */
export async function executeByCli(scene: Scene, type: string, params: Readonly<Record<string, unknown>>): Promise<Terminal> {
  const workflowId = `${type}-${randomBytes(5).toString('hex')}`;
  const place = ['--address', await temporalAddress(), '--task-queue', scene.worker.taskQueue, '--workflow-id', workflowId];
  const args = ['workflow', 'execute', '--type', type, ...place, '--input', JSON.stringify(params)];
  const started = Date.now();
  const { code, stdout, stderr } = await promisify(execFile)(await temporalCli(), args).then(
    (done) => ({ code: 0, ...done }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  return { exitCode: code, output: stdout + stderr, tookMs: Date.now() - started };
}
