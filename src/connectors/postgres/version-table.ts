import { TerminalError } from '../../core/errors.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { LoadRequest } from '../contract.js';
import type { TableName } from './table-name.js';
import type { TargetTable } from './target-table.js';

/** The columns of a table of versions that Millrace writes itself. */
export const VERSION_COLUMNS = [
  { name: 'valid_from', type: 'timestamptz', base: 'timestamptz', rule: ' NOT NULL' },
  { name: 'valid_to', type: 'timestamptz', base: 'timestamptz', rule: '' },
  { name: 'is_current', type: 'boolean', base: 'bool', rule: ' NOT NULL' },
] as const;

/** Columns of the dataset that can say from when a row holds. */
const MOMENT_TYPES = /^(DATE|TIMESTAMP(_S|_MS)?|TIMESTAMP WITH TIME ZONE)$/;

/** @throws TerminalError OPTION_INVALID when the dataset cannot be kept as versions */
export function requireVersionable({ columns, target, validFrom }: LoadRequest): void {
  const taken = columns.filter(({ name }) => VERSION_COLUMNS.some((own) => own.name === name.toLowerCase()));
  if (taken.length > 0) {
    const names = taken.map(({ name }) => quoteIdentifier(name)).join(', ');
    throw new TerminalError(
      'OPTION_INVALID',
      `The dataset that is loaded into "${target}" with mode 'scd2' has ${names}, which Millrace writes itself there. Give it another name in the extract or in a transform.`,
    );
  }
  const moment = columns.find(({ name }) => name === validFrom);
  if (moment !== undefined && !MOMENT_TYPES.test(moment.type)) {
    throw new TerminalError(
      'OPTION_INVALID',
      `The load into "${target}" takes validFrom from ${quoteIdentifier(moment.name)}, which is ${moment.type}. Name a column of dates or timestamps, or cast it in a transform.`,
    );
  }
}

/** The statements that make the indexes of a new table of versions. */
export function versionIndexes(key: readonly string[], name: TableName): string[] {
  const list = key.map(quoteIdentifier).join(', ');
  return [
    `CREATE UNIQUE INDEX ON ${name.sql} (${list}, valid_from)`,
    `CREATE UNIQUE INDEX ON ${name.sql} (${list}) WHERE is_current`,
  ];
}

/** @throws TerminalError TARGET_UNSUITABLE, with the statements to run, when a table cannot hold versions of that key */
export function requireVersionTable(key: readonly string[], name: TableName, where: string, target: TargetTable): void {
  const lacking = VERSION_COLUMNS.filter(
    ({ name: wanted, base }) => !target.columns.some((c) => c.name === wanted && c.base === base),
  );
  if (lacking.length > 0) {
    const alters = lacking.map(({ name: column, type }) => `ADD COLUMN ${column} ${type}`).join(', ');
    throw new TerminalError(
      'TARGET_UNSUITABLE',
      `Mode 'scd2' keeps versions in ${where}, which needs the columns ${VERSION_COLUMNS.map((c) => `${c.name} ${c.type}`).join(', ')}. Load into a table that does not exist yet, which is then made, or run: ALTER TABLE ${name.sql} ${alters}; and fill them for the rows that are there.`,
    );
  }
  const wanted = [...key, 'valid_from'].toSorted();
  if (target.uniqueKeys.some((columns) => columns.join('\0') === wanted.join('\0'))) return;
  throw new TerminalError(
    'TARGET_UNSUITABLE',
    `Mode 'scd2' needs a unique index on the key and valid_from of ${where}. Run: ${versionIndexes(key, name)
      .map((statement) => `${statement};`)
      .join(' ')}`,
  );
}
