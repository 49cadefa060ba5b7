import type { DatasetCheck, DistributionCheck, NamedChecks, NoRowsCheck } from '../config/dataset-checks.js';
import { cutExample, type CheckResult } from '../core/checks.js';
import { TerminalError } from '../core/errors.js';
import type { CheckEngine, TextRow } from './engine.js';
import {
  count,
  judgeDistribution,
  judgeFreshness,
  judgeNullShare,
  judgeRowCount,
  quantileShares,
  rankedValue,
  rankOf,
  rowsText,
  type Circumstances,
  type Finding,
} from './findings.js';
import {
  countAround,
  examplesAround,
  measuresOf,
  measureStatement,
  orphansExamples,
  orphansStatement,
  rankStatement,
  repeatedExamples,
  repeatedStatement,
  type Measures,
} from './statements.js';

/** Checks that are judged together. */
export interface CheckRequest {
  /** The check set's name, or the contract's. */
  readonly set: string;
  /** The input of checks that name none. */
  readonly input: string;
  readonly checks: NamedChecks;
  readonly startedAt: string;
  /** The values of a check's earlier results, latest first. Asked only of those that compare with them. */
  readonly earlier: (check: string) => readonly number[];
}

/**
 * Judges datasets by checks, in the order in which they were declared. What can be had by aggregates is had in one pass
 * over each input; the others take a pass, or a join, each. Examples are looked for only where a check is broken.
 *
 * @throws TerminalError CHECK_INVALID for SQL that does not run
 */
export async function runChecks(engine: CheckEngine, request: CheckRequest): Promise<CheckResult[]> {
  const measured = await measure(engine, request);
  const results: CheckResult[] = [];
  for (const [name, check] of Object.entries(request.checks)) {
    const input = check.of ?? request.input;
    const circumstances = { startedAt: request.startedAt, earlier: request.earlier(name) };
    const found = await judge(engine, { name, check, input, measured: measured.get(name) ?? {} }, circumstances);
    const { set } = request;
    results.push({ set, name, kind: check.check, input, severity: check.severity ?? 'error', ...found });
  }
  return results;
}

/** The aggregates of each check that has any, by the check's name. */
async function measure(engine: CheckEngine, { checks, input: first }: CheckRequest): Promise<Map<string, TextRow>> {
  const byInput = new Map<string, (readonly [name: string, measures: Measures])[]>();
  for (const [name, check] of Object.entries(checks)) {
    const measures = measuresOf(check);
    const input = check.of ?? first;
    if (measures) byInput.set(input, [...(byInput.get(input) ?? []), [name, measures]]);
  }
  const found = new Map<string, TextRow>();
  for (const [input, named] of byInput) {
    const row = await measureTogether(engine, input, named);
    named.forEach(([name, measures], at) =>
      found.set(name, Object.fromEntries(Object.keys(measures).map((measured) => [measured, row[`m${at}_${measured}`] ?? null]))),
    );
  }
  return found;
}

type Named = readonly (readonly [name: string, measures: Measures])[];

async function measureTogether(engine: CheckEngine, input: string, named: Named): Promise<TextRow> {
  const ask = async (checks: Named): Promise<TextRow> => {
    const statement = measureStatement(
      input,
      checks.map(([, measures]) => measures),
    );
    return (await engine.rows(checks[0]?.[0] ?? '', statement))[0] ?? {};
  };
  try {
    return await ask(named);
  } catch (error) {
    // Which of them cannot be computed shows when each is asked for by itself.
    if (error instanceof TerminalError && named.length > 1) for (const each of named) await ask([each]);
    throw error;
  }
}

interface Judged {
  readonly name: string;
  readonly check: DatasetCheck;
  readonly input: string;
  readonly measured: TextRow;
}

async function judge(engine: CheckEngine, judged: Judged, circumstances: Circumstances): Promise<Finding> {
  const { check, measured } = judged;
  switch (check.check) {
    case 'rowCount':
      return judgeRowCount(check, measured, circumstances);
    case 'nullShare':
      return judgeNullShare(check, measured);
    case 'freshness':
      return judgeFreshness(check, measured, circumstances);
    case 'distribution':
      return judgeDistribution(check, measured, await quantilesOf(engine, judged, check));
    case 'unique':
      return judgeUnique(engine, judged, check.columns);
    case 'references':
      return judgeReferences(engine, judged, check);
    default:
      return judgeNoRows(engine, judged.name, check);
  }
}

async function quantilesOf(
  engine: CheckEngine,
  { name, input, measured }: Judged,
  check: DistributionCheck,
): Promise<Map<number, number>> {
  const shares = quantileShares(check);
  const values = Number(measured['values']);
  if (shares.length === 0 || values === 0) return new Map();
  const ranks = [...new Set(shares.map((share) => rankOf(share, values)))];
  const byRank = new Map((await engine.rows(name, rankStatement(input, check.column, ranks))).map(rankedValue));
  return new Map(shares.map((share) => [share, byRank.get(rankOf(share, values)) ?? NaN]));
}

async function judgeUnique(engine: CheckEngine, { name, input }: Judged, columns: readonly string[]): Promise<Finding> {
  const [row] = await engine.rows(name, repeatedStatement(input, columns));
  const keys = Number(row?.['keys']);
  return {
    passed: keys === 0,
    observed:
      keys === 0
        ? 'none twice'
        : `${count(keys)} ${keys === 1 ? 'key' : 'keys'} more than once (${rowsText(Number(row?.['rows']))})`,
    bound: `each (${columns.join(', ')}) once`,
    value: keys,
    examples: keys === 0 ? [] : examplesOf(await engine.rows(name, repeatedExamples(input, columns))),
  };
}

async function judgeReferences(
  engine: CheckEngine,
  { name, input: judged }: Judged,
  reference: Extract<DatasetCheck, { check: 'references' }>,
): Promise<Finding> {
  const { columns, input, inputColumns } = reference;
  const [row] = await engine.rows(name, orphansStatement(judged, reference));
  const rows = Number(row?.['rows']);
  return {
    passed: rows === 0,
    observed: `${rowsText(rows)} without a match`,
    bound: `each (${columns.join(', ')}) among the (${inputColumns.join(', ')}) of ${input}`,
    value: rows,
    examples: rows === 0 ? [] : examplesOf(await engine.rows(name, orphansExamples(judged, reference))),
  };
}

async function judgeNoRows(engine: CheckEngine, name: string, { sql }: NoRowsCheck): Promise<Finding> {
  const [row] = await engine.custom(name, sql.text, countAround);
  const rows = Number(row?.['rows']);
  return {
    passed: rows === 0,
    observed: rowsText(rows),
    bound: 'no rows',
    value: rows,
    examples: rows === 0 ? [] : examplesOf(await engine.custom(name, sql.text, examplesAround)),
  };
}

function examplesOf(rows: readonly TextRow[]): string[] {
  return rows.map((row) => cutExample(row['example'] ?? 'null'));
}
