import { quoteLiteral } from '../core/filter.js';
import { TerminalError } from '../core/errors.js';
import type { Session } from '../connectors/contract.js';

/** What a look at a SELECT's syntax tree tells. */
export interface InspectedSelect {
  /** It asks for something that differs from run to run: the time, a random number. */
  readonly volatile: boolean;
  /** It adds up or picks values in an order that parallel work does not fix. */
  readonly floatingSums: boolean;
}

// Functions in FROM that make rows out of their arguments alone.
const TABLE_FUNCTIONS = new Set(['unnest', 'range', 'generate_series', 'json_each', 'json_tree', 'repeat']);
// Scalar functions that reach beyond the arguments: the process, the settings, other sessions' state.
const FORBIDDEN_FUNCTIONS = new Set([
  'getenv',
  'current_setting',
  'getvariable',
  'nextval',
  'currval',
  'current_query',
  'write_log',
  'which_secret',
]);
const VOLATILE_FUNCTIONS = new Set(
  'random uuid gen_random_uuid uuidv4 uuidv7 setseed now current_timestamp get_current_timestamp current_date today current_time get_current_time current_localtime current_localtimestamp transaction_timestamp txid_current'.split(
    ' ',
  ),
);
const ORDER_SENSITIVE =
  /^(sum|avg|mean|fsum|kahan_sum|sumkahan|favg|product|stddev.*|var_.*|variance|corr|covar_.*|regr_.*|skewness|kurtosis.*|first|last|any_value|arbitrary|list|array_agg|string_agg|group_concat|approx_.*|reservoir_quantile)$/;

interface Node {
  readonly [key: string]: unknown;
}

/**
 * Reads a SELECT's syntax tree and refuses whatever would read something that is not one of `inputs`: another table, a
 * file, a catalog, a setting. It is the clear message; the locked session behind it is the lock.
 *
 * @throws TerminalError TRANSFORM_FORBIDDEN, QUERY_FAILED for SQL that does not parse
 */
export async function inspectSelect(
  session: Session,
  name: string,
  sql: string,
  inputs: readonly string[],
): Promise<InspectedSelect> {
  const tree = await parse(session, name, sql);
  const nodes = [...walk(tree)];
  const known = new Set([...inputs, ...nodes.flatMap(cteNames)].map((table) => table.toLowerCase()));
  for (const node of nodes) refuseReading(node, name, known, inputs);
  const functions = nodes.map((node) => node['function_name']).filter((called): called is string => typeof called === 'string');
  for (const called of functions) {
    if (FORBIDDEN_FUNCTIONS.has(called) || /^(pg_|duckdb_|pragma_|read_|has_)/.test(called))
      throw forbidden(name, `calls ${called}(), which looks beyond its inputs`, inputs);
  }
  return {
    volatile: functions.some((called) => VOLATILE_FUNCTIONS.has(called)) || nodes.some((node) => isNode(node['sample'])),
    floatingSums: functions.some((called) => ORDER_SENSITIVE.test(called)),
  };
}

async function parse(session: Session, name: string, sql: string): Promise<Node> {
  const [row] = await session.rows<{ tree: string }>(`SELECT json_serialize_sql(${quoteLiteral(sql)}) AS tree`);
  const tree = JSON.parse(row?.tree ?? '{}') as {
    error: boolean;
    error_type?: string;
    error_message?: string;
    position?: string;
    statements?: Node[];
  };
  if (tree.error && tree.error_type === 'parser') {
    const at = place(sql, tree.position);
    const message = `Transform "${name}" is not valid SQL${at.text}: ${tree.error_message ?? 'it does not parse'}.`;
    throw new TerminalError('QUERY_FAILED', message, at.details);
  }
  const [statement, ...more] = tree.statements ?? [];
  if (tree.error || !statement || more.length > 0) {
    throw new TerminalError(
      'TRANSFORM_FORBIDDEN',
      `Transform "${name}" has to be one SELECT (a PIVOT is none: use filtered aggregates). It reads its inputs and writes nothing.`,
    );
  }
  return statement;
}

function refuseReading(node: Node, name: string, known: ReadonlySet<string>, inputs: readonly string[]): void {
  if (node['type'] === 'BASE_TABLE') {
    const table = String(node['table_name']);
    const qualified = [node['catalog_name'], node['schema_name'], table].filter((segment) => segment !== '').join('.');
    if (qualified !== table || !known.has(table.toLowerCase()))
      throw forbidden(name, `reads "${qualified}", which it was not given`, inputs);
  }
  if (node['type'] === 'TABLE_FUNCTION') {
    const called = String((node['function'] as Node | undefined)?.['function_name']);
    if (!TABLE_FUNCTIONS.has(called)) throw forbidden(name, `reads through ${called}(), which looks beyond its inputs`, inputs);
  }
  if (node['type'] === 'SHOW_REF') throw forbidden(name, 'describes the session instead of selecting rows', inputs);
}

function forbidden(name: string, what: string, inputs: readonly string[]): TerminalError {
  return new TerminalError(
    'TRANSFORM_FORBIDDEN',
    `Transform "${name}" ${what}. Its inputs are: ${inputs.join(', ') || 'none'}. Declare what it reads as an input, and extract it in a step of its own.`,
  );
}

function cteNames(node: Node): string[] {
  const map = (node['cte_map'] as { map?: { key: string }[] } | undefined)?.map ?? [];
  return [...map.map((entry) => entry.key), ...(node['type'] === 'RECURSIVE_CTE_NODE' ? [String(node['cte_name'])] : [])];
}

function* walk(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const member of value) yield* walk(member);
  else if (isNode(value)) {
    yield value;
    for (const member of Object.values(value)) yield* walk(member);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function place(sql: string, position: string | undefined): { readonly text: string; readonly details: Record<string, number> } {
  if (position === undefined) return { text: '', details: {} };
  const before = sql.slice(0, Number(position)).split('\n');
  const [line, column] = [before.length, (before.at(-1)?.length ?? 0) + 1];
  return { text: ` at line ${line}, column ${column}`, details: { line, column } };
}
