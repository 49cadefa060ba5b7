import type { InputOf, ResultOf } from '../../api/index.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export type AuditOptions = Pick<InputOf<'listAudit'>, 'actor' | 'operation' | 'target' | 'outcome'> & { readonly limit: number };

type Entry = ResultOf<'listAudit'>['items'][number];

/** Lists what was changed, by whom. */
export async function audit(context: CommandContext, options: AuditOptions): Promise<number> {
  const { actor, operation, target, outcome, limit } = options;
  const filter = { actor, operation, target, outcome, limit };
  const { items, next } = await withOperations(context, ({ listAudit }) => listAudit(filter), { withCatalogOnly: true });
  const { output } = context;
  for (const entry of items) output.data(entry);
  if (items.length === 0) output.text('Nothing was changed yet, as far as that is asked for.');
  else output.text(plainTable(['at (UTC)', 'who', 'from', 'operation', 'target', 'outcome'], items.map(cells), 6));
  if (next !== null) output.warn('There is more; --limit shows more of it.');
  return EXIT.ok;
}

function cells({ at, actor, from, operation, target, outcome, code }: Entry): string[] {
  return [shortTime(at), actor, from ?? 'this machine', operation, target ?? '', code === null ? outcome : `${outcome} ${code}`];
}
