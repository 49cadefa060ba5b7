import type { ExtractOptions } from '../src/connectors/contract.js';
import { TerminalError } from '../src/core/errors.js';
import type { DatasetStepResult, ExtractStepInput } from '../src/core/steps.js';
import { referenceTo, type Staging } from '../src/engine/staging.js';
import { withConnection } from './connection.js';
import { ENGINE, datasetKey } from '../src/engine/dataset-key.js';
import type { Services } from './services.js';
import { stepActivity } from './step-activity.js';
import { stageOnce, type Staged } from './stage-once.js';
import type { StepCall } from './step-call.js';

/** Reads a dataset from a connection: refers to files in place, stages what comes from a database. */
export function makeExtract(services: Services) {
  return stepActivity<ExtractStepInput, DatasetStepResult>(services, 'extract', async (input, call) => {
    const { staged, reused } = await extract(services, input, call);
    const dataset = referenceTo(staged);
    return { result: { dataset, rowsRead: dataset.rows, reused }, inputs: [], manifest: staged.manifest };
  });
}

async function extract(services: Services, input: ExtractStepInput, call: StepCall): Promise<Staged> {
  const { dataset, connection, run, step, ...rest } = input;
  const options: ExtractOptions = rest;
  return withConnection(services, connection, call, async (connector) => {
    const { source } = connector;
    if (!source)
      throw new TerminalError('CAPABILITY_MISSING', `Connection "${connection}" (${connector.kind}) cannot be read from.`);
    const request = { dataset, options, directory: '' };
    const fingerprint = await source.fingerprint(request, call);
    // What cannot be recognised again is read anew by every run, and reused by retries and resets of the same run only.
    const origin = fingerprint ?? `${run.loadScope}/${step}`;
    const key = await keyOf(services.staging, { step: 'extract', dataset, connection, options, origin });
    const made = await stageOnce(services, call, key, async (directory, keep) => {
      call.phase('reading');
      // The key tells the step of a run: what can be recognised again is never read again.
      const resumption = services.leftWorks.resumption(key, run.runId, keep);
      const extracted = await source.extract({ ...request, directory, resumption }, call);
      await call.checkpoint('extract.reading');
      return {
        name: dataset,
        rows: extracted.rows,
        columns: extracted.columns,
        parents: [],
        reproducible: fingerprint !== null,
        parts: extracted.parts,
        ...(extracted.filterPending && options.where && { filter: options.where }),
        ...(extracted.range && { range: extracted.range }),
        engine: ENGINE,
      };
    });
    await services.leftWorks.drop(key);
    return made;
  });
}

interface KeyFacts {
  readonly options: ExtractOptions;
  readonly [fact: string]: unknown;
}

/**
 * The key of what is read. A load that is made again gets the rows that were read for it the first time, while they are
 * staged, and otherwise the same range anew: another dataset.
 */
async function keyOf(staging: Staging, facts: KeyFacts): Promise<string> {
  const { after } = facts.options;
  if (typeof after !== 'object' || after === null) return datasetKey(facts);
  const { target, name, step, value, upTo } = after;
  const key = (bound?: string | null): string =>
    datasetKey({ ...facts, options: { ...facts.options, after: { target, name, step, value, upTo: bound } } });
  if (upTo === undefined) return key();
  const first = await staging.find(key());
  return first?.manifest.range?.upTo === upTo ? key() : key(upTo);
}
