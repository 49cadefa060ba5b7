import { messageOf } from '../../core/errors.js';
import { count } from '../../dev/text-format.js';
import { openStaging } from '../../engine/open-staging.js';
import { withArchive } from '../../operations/with-archive.js';
import { ledgersOf } from '../../rebuild/ledgers.js';
import { rebuildCatalog, type RebuildReport } from '../../rebuild/rebuild.js';
import type { RebuildPhase } from '../../rebuild/sources.js';
import { connectTemporal, type TemporalClient } from '../../temporal/connect.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import type { Output } from '../output.js';
import { withCatalog } from '../services.js';

/** A line of progress comes this often at most. */
const PROGRESS_MS = 2_000;

/** Fills the catalog from where the facts are, and says what is nowhere any more. */
export async function rebuild({ output, directory }: CommandContext): Promise<number> {
  return withCatalog(directory, async (catalog, project) => {
    const temporal = await connect(output);
    try {
      const report = await withArchive(project, (archive) =>
        rebuildCatalog({
          catalog,
          ...(archive && { archive }),
          staging: openStaging(project.staging, project.engine.spillDirectory),
          temporal,
          pipelines: Object.keys(project.pipelines),
          taskQueue: project.taskQueue,
          ledgers: ledgersOf(project),
          progress: showing(output),
        }),
      );
      output.data({ catalog: catalog.name, ...report });
      output.text(textOf(catalog.name, report));
      return EXIT.ok;
    } finally {
      await temporal?.close();
    }
  });
}

async function connect(output: Output): Promise<TemporalClient | undefined> {
  try {
    return await connectTemporal();
  } catch (error) {
    output.warn(`${messageOf(error)} Runs are rebuilt from manifests and ledgers alone; do it again with the server.`);
    return undefined;
  }
}

function showing(output: Output): (phase: RebuildPhase, done: number) => void {
  let shown = performance.now();
  return (phase, done) => {
    if (output.json || performance.now() - shown < PROGRESS_MS) return;
    shown = performance.now();
    output.warn(`${count(done)} ${phase} …`);
  };
}

function textOf(name: string, report: RebuildReport): string {
  const { datasets, runs, archivedRuns, steps, runsOfManifests, loadsOfLedgers, lost } = report;
  return [
    `The catalog ${name} holds again what is known elsewhere:`,
    `  ${count(datasets)} datasets from staging`,
    `  ${count(runs)} runs from Temporal and ${count(archivedRuns)} from the archive with ${count(steps)} steps, ${count(runsOfManifests)} runs from manifests alone`,
    `  ${count(loadsOfLedgers)} more loads from ledgers`,
    'Not rebuilt:',
    ...lost.map((sentence) => `  ${sentence}`),
  ].join('\n');
}
