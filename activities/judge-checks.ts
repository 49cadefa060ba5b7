import type { CheckEngine } from '../src/checks/engine.js';
import { lookback } from '../src/checks/findings.js';
import { runChecks } from '../src/checks/run-checks.js';
import { tellCheck } from '../src/checks/tell.js';
import type { NamedChecks } from '../src/config/dataset-checks.js';
import type { CheckResult } from '../src/core/checks.js';
import type { RunContext, StepId } from '../src/core/steps.js';
import { patiently } from './patience.js';
import { runStartOf } from './run-scope.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';

/** Which checks a step is to judge by. */
export interface StepChecks {
  readonly run: RunContext;
  readonly step: StepId;
  /** The check set's name, or the contract's. */
  readonly set: string;
  /** The input of checks that name none. */
  readonly input: string;
  readonly checks: NamedChecks;
}

/** Judges by checks, and logs their warnings. Whether the step fails is for the caller to say. */
export async function judgeChecks(
  services: Services,
  call: StepCall,
  engine: CheckEngine,
  request: StepChecks,
): Promise<CheckResult[]> {
  call.phase('checking');
  return (await prepareChecks(services, call, request))(engine);
}

/**
 * Fetches what earlier runs had, for checks that compare with them, and gives what judges: it waits for a catalog that is
 * down, as every step does, and nothing else needs to wait with it.
 */
export async function prepareChecks(
  services: Services,
  call: StepCall,
  request: StepChecks,
): Promise<(engine: CheckEngine) => Promise<CheckResult[]>> {
  const { set, input, checks } = request;
  const startedAt = runStartOf(request.run);
  const histories = await historiesOf(services, call, request, startedAt);
  const earlier = (check: string): readonly number[] => histories.get(check) ?? [];
  return async (engine) => {
    const results = await runChecks(engine, { set, input, checks, startedAt, earlier });
    for (const result of results) {
      if (!result.passed && result.severity === 'warn') call.log('warn', `Check of "${set}": ${tellCheck(result)}.`);
    }
    return results;
  };
}

async function historiesOf(
  { catalog }: Services,
  call: StepCall,
  { run, step, set, checks }: StepChecks,
  before: string,
): Promise<Map<string, readonly number[]>> {
  const found = new Map<string, readonly number[]>();
  const { pipeline, loadScope, partition } = run;
  for (const [name, check] of Object.entries(checks)) {
    const limit = lookback(check);
    if (limit === 0) continue;
    const request = { pipeline, step, set, name, loadScope, ...(partition !== undefined && { partition }), before, limit };
    found.set(name, await patiently(() => catalog.checkHistory(request), call.signal));
  }
  return found;
}
