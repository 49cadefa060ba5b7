import { checkQuota } from '../src/engine/quota.js';
import type { DraftManifest, StagedDataset } from '../src/engine/staging.js';
import type { Services } from './services.js';
import type { StepCall } from './step-call.js';

/** What a step knows of its dataset; `refused` when it will not give it on. */
export type StepDraft = Omit<DraftManifest, 'madeBy'> & { readonly refused?: boolean };

/** A dataset, and whether it was there already. */
export interface Staged {
  readonly staged: StagedDataset;
  readonly reused: boolean;
}

/**
 * Gives the dataset of a key: the one that is staged, or the one that `make` writes into its attempt's folder. Whatever
 * happens, a folder that was not committed is removed, unless `make` has called `keep`: then it belongs to whoever did.
 *
 * @throws TerminalError STAGING_FULL when what the attempt wrote has gone beyond the quota
 */
export async function stageOnce(
  { project, staging }: Services,
  call: StepCall,
  key: string,
  make: (directory: string, keep: () => void) => Promise<StepDraft>,
): Promise<Staged> {
  const found = await staging.find(key, call.signal);
  if (found) return { staged: found, reused: true };
  const attempt = await staging.begin(key, call.checkpoint, call.signal);
  try {
    const { refused, ...draft } = await make(attempt.directory, () => attempt.keep());
    if (project.staging.maxBytes !== undefined) await checkQuota(staging, project.staging.maxBytes, attempt.directory);
    call.phase('staging');
    const madeBy = { ...call.madeBy, ...(refused === true && { refused }) };
    return { staged: await attempt.commit({ ...draft, madeBy }), reused: false };
  } finally {
    await attempt.abandon();
  }
}
