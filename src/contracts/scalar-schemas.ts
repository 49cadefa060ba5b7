import type { z } from 'zod';
import { allChecks, bigintCheck, dateCheck, narrower, numberCheck, stringCheck, temporalOf } from './checks.js';
import type { Base, Check, NumberFormat, Temporal } from './rules.js';
import { definitionOf, type Schema } from './schema.js';

/** Where what is found out about a schema is noted. */
export interface Notes {
  coerce: boolean;
  changes: boolean;
  readonly checks: Check[];
  /** Takes a check, or leaves it to zod where it was not understood. */
  take(found: Check | undefined, check: z.core.$ZodCheck): void;
  /** Leaves all checks of a schema to zod. */
  leaveChecks(schema: Schema): void;
  leave(reason: string, changes?: boolean): void;
}

/** Takes a schema of values without parts apart; `undefined` for any other. */
export function scalarBase(notes: Notes, schema: Schema): Base | undefined {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'string':
      return stringBase(notes, schema, def);
    case 'template_literal':
      return templateBase(notes, schema);
    case 'number':
      return numberBase(notes, schema, def);
    case 'bigint':
      return bigintBase(notes, schema, def);
    case 'boolean':
      return plainBase(notes, schema, def, { kind: 'boolean' });
    case 'date':
      return plainBase(notes, schema, def, { kind: 'date' });
    case 'enum':
    case 'literal':
      return valuesBase(notes, schema);
    case 'any':
    case 'unknown':
      return plainBase(notes, schema, def, { kind: 'any' });
    default:
      return undefined;
  }
}

function stringBase(notes: Notes, schema: Schema, def: z.core.$ZodStringDef): Base {
  if (def.coerce === true) notes.coerce = true;
  let temporal: Temporal | undefined;
  for (const check of allChecks(schema)) {
    const found = stringCheck(check);
    notes.take(found, check);
    // A row that zod has to judge may come back changed: zod trims a URL, and a change of case may be unsure in SQL.
    if ((found?.kind === 'format' && found.format === 'url') || (found?.kind === 'change' && found.change !== 'trim'))
      notes.changes = true;
    temporal ??= temporalOf(check);
  }
  return { kind: 'string', temporal };
}

function templateBase(notes: Notes, schema: Schema): Base {
  const pattern = schema._zod.pattern;
  notes.leaveChecks(schema);
  if (pattern === undefined) notes.leave('template_literal');
  else notes.checks.push({ kind: 'pattern', pattern });
  return { kind: 'string', temporal: undefined };
}

function numberBase(notes: Notes, schema: Schema, def: z.core.$ZodNumberDef): Base {
  if (def.coerce === true) notes.coerce = notes.changes = true;
  let format: NumberFormat | undefined;
  for (const check of allChecks(schema)) {
    const found = numberCheck(check);
    notes.take(found, check);
    if (found?.kind === 'numberFormat') format = narrower(format, found.format);
  }
  return { kind: 'number', format };
}

function bigintBase(notes: Notes, schema: Schema, def: z.core.$ZodBigIntDef): Base {
  if (def.coerce === true) notes.coerce = notes.changes = true;
  let format: 'int64' | 'uint64' | undefined;
  for (const check of allChecks(schema)) {
    const found = bigintCheck(check);
    notes.take(found, check);
    if (found?.kind === 'bigintFormat' && format !== 'int64') format = found.format;
  }
  return { kind: 'bigint', format };
}

function plainBase(notes: Notes, schema: Schema, def: object, base: Base): Base {
  if ('coerce' in def && def.coerce === true) notes.coerce = true;
  for (const check of allChecks(schema)) notes.take(dateCheck(check), check);
  return base;
}

function valuesBase(notes: Notes, schema: Schema): Base {
  notes.leaveChecks(schema);
  const members = [...(schema._zod.values ?? [])];
  const values: (string | number | boolean | bigint)[] = [];
  for (const member of members) {
    if (member === null || member === undefined) continue;
    if (typeof member === 'string' && member.isWellFormed()) values.push(member);
    else if (typeof member === 'number' && Number.isFinite(member)) values.push(member);
    else if (typeof member === 'boolean' || typeof member === 'bigint') values.push(member);
    else notes.leave(`literal ${String(member)}`);
  }
  return { kind: 'values', values };
}
