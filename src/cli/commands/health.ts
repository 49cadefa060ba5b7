import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';

/** Tells what is there of what runs need. */
export async function health(context: CommandContext): Promise<number> {
  const { output } = context;
  const found = await withOperations(context, ({ getHealth }) => getHealth({}), { withoutTemporal: true });
  output.data(found);
  const { version, temporal, catalog, worker } = found;
  const told = (ok: boolean): string => (ok ? 'ok' : 'missing');
  const lines = [
    ['millrace', version ?? ''],
    ['temporal', [told(temporal.ok), temporal.address].filter(Boolean).join('  ')],
    ['catalog', told(catalog.ok)],
    ['worker', [told(worker.ok), worker.taskQueue && `task queue "${worker.taskQueue}"`].filter(Boolean).join('  ')],
  ];
  if (found.versions?.current)
    lines.push(['version', `${found.versions.current} of "${found.versions.deployment ?? ''}" is current`]);
  output.text(columns(lines, 2));
  for (const warning of found.versions?.warnings ?? []) output.warn(`warning: ${warning}`);
  return temporal.ok && catalog.ok && worker.ok ? EXIT.ok : EXIT.unreachable;
}
