import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import { compile } from '../../src/contracts/compile.js';
import { CONSTRUCTS, type Construct } from './contract-constructs.js';

/** Who judges a construct: SQL, SQL but for the rows it is unsure of, SQL and then zod, or zod alone. */
export type Judge = 'SQL' | 'SQL, rest zod' | 'SQL, then zod' | 'zod';

/** Who judges a schema over a column of a type, or over a CSV file for the type `text`; asked of the compiler itself. */
export function judgeOf(schema: z.ZodType, type: string): Judge {
  const isText = type === 'text';
  const input = { name: 'c', type: isText ? 'VARCHAR' : type, nullable: true };
  const compiled = compile(contract(z.object({ c: schema })), [input], isText);
  const predicates = compiled.columns.flatMap((column) => column.predicates);
  if (compiled.uncompiled.length > 0) return predicates.length > 0 ? 'SQL, then zod' : 'zod';
  return predicates.some(({ undecided }) => undecided !== undefined) ? 'SQL, rest zod' : 'SQL';
}

/** The tables of who judges what. */
export function contractReference(): string {
  return CONSTRUCTS.map(([title, constructs]) => `${title}:\n\n${table(constructs)}`).join('\n\n');
}

function table(constructs: readonly Construct[]): string {
  const rows = constructs.map(({ written, schema, type }) => {
    const typed = type === undefined ? '' : `${judgeOf(schema, type)} (${shortened(type)})`;
    return `| ${written.replaceAll('|', '\\|')} | ${judgeOf(schema, 'text')} | ${typed} |`;
  });
  return ['| schema | text of a CSV file | typed column |', '| --- | --- | --- |', ...rows].join('\n');
}

function shortened(type: string): string {
  return type.replace(/\(.*\)/, '');
}
