import { findRejecting, planAdditions } from '../src/catalog/index.js';
import { TerminalError } from '../src/core/errors.js';
import type { Manifest } from '../src/core/manifest.js';
import { intersect, unite, type PlannedAddition, type RowRange } from '../src/core/quarantine.js';
import type { QuarantineStepInput, QuarantineStepResult } from '../src/core/steps.js';
import { resolvePath } from '../src/engine/dataset-sql.js';
import { ENGINE, datasetKey } from '../src/engine/dataset-key.js';
import { requireRejects } from '../src/engine/quarantine/place-rejects.js';
import { writeReturning } from '../src/engine/quarantine/returning-rows.js';
import { referenceTo } from '../src/engine/staging.js';
import { withConnection } from './connection.js';
import { openInput } from './input.js';
import type { Services } from './services.js';
import { stageOnce, type Staged } from './stage-once.js';
import { stepActivity } from './step-activity.js';
import type { StepCall } from './step-call.js';

/**
 * Takes the rejected rows of a run's step out of quarantine: those that did not come back before, as they were or as somebody
 * has edited them. They become a dataset that is judged like every other, and tells where its rows really come from.
 */
export function makeQuarantine(services: Services) {
  return stepActivity<QuarantineStepInput, QuarantineStepResult>(services, 'quarantine', async (input, call) => {
    const { catalog, staging } = services;
    const rejecting = await findRejecting(catalog, input.of, input.of.step);
    const { quarantine, inputUri } = rejecting;
    const loads = await planAdditions(catalog, rejecting);
    call.phase('asking');
    const done = await replayedEverywhere(services, call, loads);
    const before = await staging.read(inputUri);
    const key = datasetKey({ step: 'quarantine', rejects: quarantine.rejects, edited: input.edited ?? null, done });
    const staged = await stageOnce(services, call, key, async (directory) => {
      call.phase('taking out');
      const file = await requireRejects(staging, call.session, quarantine.rejects, call.signal);
      const edited = input.edited === undefined ? undefined : await editedFile(services, call, input.edited);
      const returned = await writeReturning(call.session, {
        rows: { file, columns: before.columns },
        isText: before.parts.some(({ format }) => format === 'csv'),
        ...(edited !== undefined && { edited }),
        done,
        directory,
      });
      return {
        name: before.name,
        rows: returned.rows,
        columns: before.columns,
        parents: [{ name: quarantine.dataset, uri: quarantine.datasetUri, content: '' }],
        reproducible: before.reproducible,
        parts: returned.parts,
        engine: ENGINE,
      };
    });
    const of = input.edited === undefined ? quarantine.rows : ((await staging.read(input.edited)).rows ?? 0);
    const result = resultOf(staged, { contract: quarantine.contract, loads, of });
    const inputs = [{ name: quarantine.dataset, uri: quarantine.datasetUri, content: '' }];
    return { result, inputs, manifest: staged.staged.manifest };
  });
}

interface Facts {
  readonly contract: string | null;
  readonly loads: readonly PlannedAddition[];
  /** Rows that might come back. */
  readonly of: number;
}

function resultOf({ staged, reused }: Staged, { contract, loads, of }: Facts): QuarantineStepResult {
  if (contract === null)
    throw new TerminalError('REPLAY_UNSUITED', 'The catalog does not know by which contract the rows were rejected.');
  return { dataset: referenceTo(staged), reused, contract, loads, skipped: of - (staged.manifest.rows ?? 0) };
}

/** The rows that each of the loads has got since. */
async function replayedEverywhere(services: Services, call: StepCall, loads: readonly PlannedAddition[]): Promise<RowRange[]> {
  let done: RowRange[] | undefined;
  for (const { connection, target, addsTo } of loads) {
    const added = await withConnection(services, connection, call, async ({ destination, kind }) => {
      if (destination?.additions) return destination.additions({ target, connection, ...addsTo }, call);
      throw new TerminalError(
        'REPLAY_UNSUITED',
        `Connection "${connection}" (${kind}) cannot add rows to a load that it has done. Retry the run that rejected them from its validate step: it judges all rows by today's contract and loads them anew (\`millrace retry RUN --from STEP\`).`,
      );
    });
    const rows = unite(added.map((each) => each.rows));
    done = done === undefined ? rows : intersect(done, rows);
  }
  return done ?? [];
}

async function editedFile(services: Services, call: StepCall, uri: string): Promise<string> {
  const manifest: Manifest = await services.staging.read(uri);
  const { manifest: opened } = await openInput(services, call, manifest);
  const [part] = opened.parts;
  if (!part) throw new TerminalError('QUARANTINE_FILE', `The edited rows ${uri} are empty.`);
  return resolvePath(services.staging.root, part.path);
}
