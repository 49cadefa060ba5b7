import type { ResultOf } from '../../api/index.js';
import { count } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

/** Tells what is there of what runs need. */
export async function health(context: CommandContext): Promise<number> {
  const { output } = context;
  const found = await withOperations(context, ({ getHealth }) => getHealth({}), { withoutTemporal: true });
  output.data(found);
  const { version, temporal, catalog, worker, queues, versions } = found;
  const told = (ok: boolean): string => (ok ? 'ok' : 'missing');
  const lines = [
    ['millrace', version ?? ''],
    ['temporal', [told(temporal.ok), temporal.address].filter(Boolean).join('  ')],
    ['catalog', told(catalog.ok)],
    ['worker', [told(worker.ok), worker.taskQueue && `task queue "${worker.taskQueue}"`].filter(Boolean).join('  ')],
  ];
  if (versions?.current) lines.push(['version', `${versions.current} of "${versions.deployment ?? ''}" is current`]);
  output.text([columns(lines, 2), ...queues.map(queueText)].join('\n'));
  for (const warning of versions?.warnings ?? []) output.warn(`warning: ${warning}`);
  return temporal.ok && catalog.ok && worker.ok && queues.every(({ ok }) => ok) ? EXIT.ok : EXIT.unreachable;
}

function queueText({ taskQueue, waiting, workers }: ResultOf<'getHealth'>['queues'][number]): string {
  const waits = waiting ? `${count(waiting)} step${waiting === 1 ? ' waits' : 's wait'}` : '';
  const nobody = workers.length === 0 ? 'no worker polls it' : '';
  const head = [`task queue "${taskQueue}"`, [nobody, waits].filter(Boolean).join(', ')].filter(Boolean).join('  ');
  const lines = workers.map(({ identity, runs, lastSeenAt }) => [
    `  ${identity}`,
    runs ? 'runs and steps' : 'steps',
    `last asked ${shortTime(lastSeenAt)} UTC`,
  ]);
  return lines.length === 0 ? head : `${head}\n${columns(lines, 3)}`;
}
