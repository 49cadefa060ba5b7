import type { Compiled } from './compile.js';
import { canNarrow } from './zod-rows.js';

/** What zod takes for a row of some 16 columns, on one thread. */
const MICROSECONDS_A_ROW = 20;

/** What parts of a contract SQL cannot judge, and what that costs; undefined where it judges all. */
export function zodCost(compiled: Compiled, name: string): string | undefined {
  const { uncompiled } = compiled;
  if (uncompiled.length === 0) return undefined;
  const shown = canNarrow(compiled) ? 'only these columns' : 'all columns';
  return (
    `Contract "${name}": zod judges every row that SQL does not reject, for what SQL cannot say: ${uncompiled.join('; ')}. ` +
    `It is shown ${shown}, and takes up to ${MICROSECONDS_A_ROW} µs a row on each of its threads.`
  );
}
