import type pg from 'pg';
import { quoteIdentifier } from '../../core/filter.js';
import type { Heap } from './heaps.js';

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Schema?: string;
  readonly Plans?: readonly PlanNode[];
}

/**
 * Of the heaps, those that the server would read from one end to the other to evaluate a condition: of partitions, those that can hold
 * such rows. None where it knows a shorter way, through an index: then it is better asked for everything at once.
 */
export async function scannedHeaps(side: pg.Client, from: string, condition: string, heaps: readonly Heap[]): Promise<Heap[]> {
  if (condition === 'TRUE') return [...heaps];
  const { rows } = await side.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    `EXPLAIN (VERBOSE, FORMAT JSON) SELECT * FROM ${from} WHERE ${condition}`,
  );
  const [explained] = rows[0]?.['QUERY PLAN'] ?? [];
  const scans = explained ? scansIn(explained.Plan) : [];
  if (!scans.every((node) => node['Node Type'] === 'Seq Scan')) return [];
  const names = new Set(
    scans.map((node) => `${quoteIdentifier(node.Schema ?? '')}.${quoteIdentifier(node['Relation Name'] ?? '')}`),
  );
  return heaps.filter(({ sql }) => names.has(sql));
}

function scansIn(node: PlanNode): PlanNode[] {
  const below = (node.Plans ?? []).flatMap(scansIn);
  return node['Relation Name'] === undefined && !node['Node Type'].endsWith(' Scan') ? below : [node, ...below];
}
