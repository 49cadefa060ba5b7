import type { Case, Scene } from '../cases.js';
import { everything } from '../sources.js';
import { addUp, NO_DIFFERENCE, type Difference } from './rows.js';

interface Step extends Record<string, unknown> {
  readonly id: string;
  readonly after: string | null;
  readonly up_to: string | null;
}

/**
 * Holds a target's watermark against its source: it stands at the largest cursor, and every load's range begins where that
 * of the load before ended. Ahead means rows that nobody will read any more, behind means rows that will be read twice.
 */
export async function checkWatermark(scene: Pick<Scene, 'database' | 'sources'>, one: Case): Promise<Difference> {
  const { cursor, table } = one;
  if (!cursor || table === undefined) return NO_DIFFERENCE;
  const steps = await scene.database.read<Step>(
    `SELECT id, watermark ->> 'after' AS after, watermark ->> 'upTo' AS up_to FROM _millrace.ledger
     WHERE target = $1 AND watermark IS NOT NULL ORDER BY id`,
    [`warehouse.${table}`],
  );
  const written =
    cursor.column === 'id' ? 'max(id)::text' : `to_char(max(changed_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const [source] = await scene.database.read<{ largest: string | null }>(
    `SELECT ${written} AS largest FROM (${everything(scene.sources.journal, cursor.source)}) AS every`,
  );
  return addUp([...gaps(steps), standsAt(steps.at(-1)?.up_to ?? null, source?.largest ?? null)]);
}

function gaps(steps: readonly Step[]): Difference[] {
  return steps.flatMap(({ id, after }, index): Difference[] => {
    const before = steps[index - 1]?.up_to ?? null;
    if (before === after) return [];
    return [wrong(isLater(after, before), `load ${id} begins after ${after}, and the one before ended at ${before}`)];
  });
}

function standsAt(watermark: string | null, largest: string | null): Difference {
  if (watermark === largest) return NO_DIFFERENCE;
  return wrong(isLater(watermark, largest), `it stands at ${watermark}, and the source's largest cursor is ${largest}`);
}

function wrong(isAhead: boolean, what: string): Difference {
  return { lost: isAhead ? 1 : 0, doubled: isAhead ? 0 : 1, details: [`watermark: ${what}`] };
}

function isLater(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one !== null;
  // Digits of one length, and times in UTC, have the order of their texts.
  return one.length === other.length ? one > other : one.length > other.length;
}
