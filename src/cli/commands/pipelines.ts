import type { ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

type Pipeline = ResultOf<'getPipeline'>;

/** Lists the pipelines, or shows one. @throws TerminalError PIPELINE_UNKNOWN */
export async function pipelines(context: CommandContext, name: string | undefined): Promise<number> {
  const { output } = context;
  const found = await withOperations(
    context,
    async ({ listPipelines, getPipeline }) =>
      name === undefined ? (await listPipelines({})).items : [await getPipeline({ pipeline: name })],
    { withoutTemporal: true },
  );
  for (const pipeline of found) output.data(pipeline);
  const [only] = found;
  output.text(name !== undefined && only ? pipelineText(only) : listText(found));
  return EXIT.ok;
}

function listText(found: readonly Pipeline[]): string {
  const cells = found.map(({ name, partition, schedule, owner, lastRuns, description }) => {
    const [last] = lastRuns;
    const ran = last ? `${last.status} ${shortTime(last.startedAt)}` : '';
    return [name, partition?.kind ?? '', schedule?.times ?? '', owner ?? '', ran, description ?? ''];
  });
  return plainTable(['pipeline', 'partitions', 'schedule', 'owner', 'last run (UTC)', 'what it does'], cells, 6);
}

function pipelineText(pipeline: Pipeline): string {
  const { name, description, owner, tags, partition, schedule, onConflict, parameters, lastRuns } = pipeline;
  const facts: readonly (readonly [string, string | null])[] = [
    ['does', description],
    ['owner', owner],
    ['tags', tags.join(', ')],
    ['partitions', partition && `${partition.kind} by ${partition.parameter}, from ${partition.from}`],
    ['schedule', schedule && `${schedule.times}${schedule.paused ? ', paused' : ''}`],
    ['while one runs', onConflict],
    ['parameters', JSON.stringify(parameters['properties'] ?? {})],
  ];
  const known = facts.flatMap(([fact, value]) => (value === null || value === '' ? [] : [[`  ${fact}`, value]]));
  const runs = lastRuns.map((run) => [run.workflowId, run.status, shortTime(run.startedAt)]);
  const parts = [name, columns(known, 2)];
  if (runs.length > 0) parts.push(plainTable(['latest runs', 'state', 'started (UTC)'], runs, 3));
  return parts.join('\n\n');
}
