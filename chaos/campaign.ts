import { breakLedger } from './broken-ledger.js';
import { keepEvidence } from './evidence.js';
import { describeFault, planBroken, planTrial, type Plan } from './plan.js';
import { endRuns } from './runs.js';
import { openStage } from './stage.js';
import { isClean, summarise, type Summary } from './summary.js';
import { runTrial, type TrialResult } from './trial.js';

export interface CampaignOptions {
  readonly seed: string;
  /** Numbers of the trials, in order. */
  readonly trials: readonly number[];
  readonly breakLedger: boolean;
  readonly keep: boolean;
  /** Told, line by line, how it goes. */
  readonly notice: (line: string) => void;
}

/** Makes trials one after another, on servers that stay. */
export async function runCampaign(options: CampaignOptions): Promise<Summary> {
  const { seed, trials, notice, keep } = options;
  const stage = await openStage({ notice, keep });
  const results: TrialResult[] = [];
  try {
    notice(
      `Seed ${seed}; staging fills by its ${stage.disk.kind}; servers and logs in ${stage.folder}${keep ? ', which stays' : ''}`,
    );
    if (options.breakLedger) await breakLedger(stage);
    for (const trial of trials) {
      const plan = (options.breakLedger ? planBroken : planTrial)(seed, trial);
      const result = await runTrial(stage, seed, trial, plan).catch((error: unknown) => failed(trial, plan, error));
      results.push(result);
      notice(lineOf(result));
      if (isClean(result)) continue;
      for (const detail of result.details.slice(0, 10)) notice(`    ${detail}`);
      notice(`    evidence: ${await keepEvidence(stage, seed, result)}`);
      notice(`    again: ${rerun(options, trial)}`);
      await endRuns(stage.temporal.client, result.workflowIds);
    }
    return summarise(seed, results, stage.workers.crashes());
  } finally {
    await stage.close();
  }
}

/** A trial that the harness could not finish proves nothing, so that it counts as stuck. */
function failed(trial: number, plan: Plan, error: unknown): TrialResult {
  const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  return { trial, plan, lost: 0, doubled: 0, stuck: 1, faults: [], runs: 0, workflowIds: [], details, seconds: 0 };
}

function lineOf(result: TrialResult): string {
  const { trial, plan, faults, runs, seconds } = result;
  const told = faults.map((fault) => `${describeFault(fault)}${fault.isMet ? '' : ' (in vain)'}`);
  const verdict = isClean(result) ? 'ok' : `lost ${result.lost}, doubled ${result.doubled}, stuck ${result.stuck}`;
  return `trial ${trial}: ${verdict}; ${seconds.toFixed(1)} s, ${runs} runs of ${plan.cases.join(', ')}; ${told.join(', ')}`;
}

function rerun({ seed, breakLedger: broken }: CampaignOptions, trial: number): string {
  return `npm run chaos -- --seed ${seed} --trial ${trial}${broken ? ' --break-ledger' : ''} --keep`;
}
