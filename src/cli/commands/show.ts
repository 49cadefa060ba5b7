import type { Catalog, RunRow } from '../../catalog/index.js';
import { messageOf, MillraceError, TerminalError } from '../../core/errors.js';
import { connectTemporal } from '../../temporal/connect.js';
import { describeRun, outcomeOf, type RunDescription, type RunOutcome } from '../../temporal/describe-run.js';
import { parseRunAddress, type RunAddress } from '../../temporal/run-id.js';
import { hasWorker } from '../../temporal/task-queue.js';
import { EXIT } from '../exit-codes.js';
import { noWorker } from '../outcome.js';
import type { CommandContext } from '../command-context.js';
import { withCatalog } from '../services.js';
import { runView, type KnownSteps } from '../../operations/run-view.js';
import { runText } from '../run-text.js';

/** What Temporal says of a run. */
interface Truth {
  readonly description: RunDescription;
  readonly outcome: RunOutcome | undefined;
  readonly worker: boolean;
}

/**
 * Shows a run: its state from Temporal, its detail from the catalog. Either may be missing.
 *
 * @throws TerminalError RUN_UNKNOWN when neither knows it
 */
export async function show({ output, directory }: CommandContext, address: string): Promise<number> {
  return withCatalog(directory, async (catalog) => {
    const wanted = parseRunAddress(address);
    const truth = await askTemporal(wanted, output.warn);
    const { row, ...known } = await askCatalog(catalog, { ...wanted, runId: truth?.description.runId ?? wanted.runId });
    if (!truth && !row) throw unknownRun(address, catalog);
    const view = runView(row, known, truth);
    output.data(view);
    output.text(runText(view));
    if (truth && !truth.worker && truth.description.state === 'running') output.warn(noWorker(truth.description.taskQueue));
    return EXIT.ok;
  });
}

async function askTemporal(run: RunAddress, warn: (text: string) => void): Promise<Truth | undefined> {
  try {
    const temporal = await connectTemporal();
    try {
      const description = await describeRun(temporal, run);
      const open = description.state === 'running' || description.state === 'paused';
      return {
        description,
        outcome: open ? undefined : await outcomeOf(temporal, description),
        worker: await hasWorker(temporal, description.taskQueue),
      };
    } finally {
      await temporal.close();
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    // Forgotten after its retention, or out of reach: the catalog may still know it.
    if (error.code !== 'RUN_UNKNOWN') warn(`${messageOf(error)} The run is shown as the catalog last knew it.`);
    return undefined;
  }
}

async function askCatalog(catalog: Catalog, run: RunAddress): Promise<{ row: RunRow | undefined } & KnownSteps> {
  const row = await catalog.findRun(run.workflowId, run.runId);
  if (!row) return { row, steps: [], schemaChanges: [], checks: [], auditOverrides: [] };
  const { workflowId, runId } = row;
  return {
    row,
    steps: await catalog.listSteps(workflowId, runId),
    schemaChanges: await catalog.listSchemaChanges(workflowId, runId),
    checks: await catalog.listCheckResults(workflowId, runId),
    auditOverrides: await catalog.listAuditOverrides(workflowId, runId),
  };
}

function unknownRun(address: string, catalog: Catalog): TerminalError {
  const message = `Neither Temporal nor the catalog ${catalog.name} knows a run ${address}. List runs with \`millrace runs\`.`;
  return new TerminalError('RUN_UNKNOWN', message);
}
