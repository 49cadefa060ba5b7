import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier, quoteLiteral } from '../../core/filter.js';
import { QUARANTINE_COLUMNS } from '../../core/quarantine.js';
import type { Session } from '../../connectors/contract.js';
import { rejectedSelect, typedValue, valueName, type RejectedRows } from './rejected-rows.js';

/** What is exported, and the facts that stand beside each row. */
export interface QuarantineExport {
  readonly rows: RejectedRows;
  /** The run's address, `workflowId@runId`. */
  readonly run: string;
  readonly step: string;
  readonly contract: string;
  readonly version: string;
}

/** The formats of exported quarantines, by the ends of their names. */
const FORMATS = {
  csv: "FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR ''",
  json: 'FORMAT json, ARRAY true',
  ndjson: 'FORMAT json, ARRAY false',
  jsonl: 'FORMAT json, ARRAY false',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
} as const;

export type QuarantineFormat = keyof typeof FORMATS;

/** The format of a file, by its name. @throws TerminalError QUARANTINE_FILE */
export function formatOf(file: string): QuarantineFormat {
  const [, end = ''] = /\.([a-z]+)$/.exec(file.toLowerCase()) ?? [];
  if (Object.hasOwn(FORMATS, end)) return end as QuarantineFormat;
  throw new TerminalError(
    'QUARANTINE_FILE',
    `The name of "${file}" does not tell its format. Let it end in ${Object.keys(FORMATS)
      .map((each) => `.${each}`)
      .join(', ')}.`,
  );
}

/** Writes the rejected rows of some steps of the same columns into a new file. Gives their number. */
export async function exportRows(session: Session, exported: QuarantineExport, file: string): Promise<number> {
  const format = formatOf(file);
  const [copied] = await session.rows<{ Count: bigint }>(
    `COPY (${exportSelect(exported, format === 'parquet')} ORDER BY ${quoteIdentifier(QUARANTINE_COLUMNS.number)}) TO ${quoteLiteral(file)} (${FORMATS[format]})`,
  );
  return Number(copied?.Count ?? 0);
}

// Parquet keeps types. Elsewhere values are text, so that nobody's reader rounds them.
function exportSelect({ rows, run, step, contract, version }: QuarantineExport, isTyped: boolean): string {
  refuseNames(rows);
  const values = rows.columns.map((column, index) => {
    const text = valueName(index);
    return `${isTyped ? typedValue(column, text) : text} AS ${quoteIdentifier(column.name)}`;
  });
  const facts: Readonly<Record<keyof typeof QUARANTINE_COLUMNS, string>> = {
    number: 'number',
    run: quoteLiteral(run),
    step: quoteLiteral(step),
    source: 'source',
    line: 'line',
    byte: 'byte',
    reasons: 'reasons',
    contract: quoteLiteral(contract),
    version: quoteLiteral(version),
    text: 'malformed',
  };
  const beside = Object.entries(facts).map(
    ([fact, sql]) => `${sql} AS ${quoteIdentifier(QUARANTINE_COLUMNS[fact as keyof typeof QUARANTINE_COLUMNS])}`,
  );
  return `SELECT ${[...values, ...beside].join(', ')} FROM (${rejectedSelect(rows)})`;
}

function refuseNames({ columns }: RejectedRows): void {
  const own = new Set<string>(Object.values(QUARANTINE_COLUMNS));
  const taken = columns.filter(({ name }) => own.has(name.toLowerCase())).map(({ name }) => name);
  if (taken.length === 0) return;
  throw new TerminalError(
    'QUARANTINE_FILE',
    `The rows have the columns ${taken.join(', ')}, whose names Millrace gives to its own. Rename them where the rows come from.`,
  );
}
