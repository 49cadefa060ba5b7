import { z } from 'zod';
import type { Column } from '../../core/dataset.js';
import { quoteIdentifier } from '../../core/filter.js';
import type { Session } from '../../connectors/contract.js';
import { text } from '../sql-text.js';
import { familyOf, isNumericText } from '../types.js';

/** What the values of a column have in common. */
export interface Profile {
  readonly column: Column;
  /** Rows with a value, and without. */
  readonly values: number;
  readonly nulls: number;
  /** What every value is, of text: `int`, `date` …; the first that fits. */
  readonly form: Form | undefined;
  /** Lowest and highest number, exactly. */
  readonly range: { readonly min: string; readonly max: string } | undefined;
  /** Whether a value is no number that JavaScript's schemas take: NaN, infinity. */
  readonly hasUnbounded: boolean;
  /** The values, where there are few that come again and again. */
  readonly members: readonly string[] | undefined;
}

export type Form = 'boolean' | 'int' | 'bigint' | 'number' | 'date' | 'moment' | 'uuid' | 'email';

/** Forms in the order in which they are tried, as conditions on a text. Dates and moments as contracts read them from CSV. */
const FORMS: Readonly<Record<Form, (v: string) => string>> = {
  boolean: (v) => `lower(${v}) IN ('true', 'false')`,
  int: (v) => `regexp_full_match(${v}, '[+-]?[0-9]{1,15}')`,
  bigint: (v) => `regexp_full_match(${v}, '[+-]?[0-9]{1,38}')`,
  number: (v) =>
    `regexp_full_match(${v}, '[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?') AND isfinite(TRY_CAST(${v} AS DOUBLE))`,
  date: (v) => `regexp_full_match(${v}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(${v} AS DATE) IS NOT NULL`,
  moment: (v) =>
    `regexp_full_match(${v}, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?') AND TRY_CAST(${v} AS TIMESTAMPTZ) IS NOT NULL`,
  uuid: patternOf(z.uuid()),
  email: patternOf(z.email()),
};

/** Of typed text only these: its numbers and dates are text by intent. */
const TEXT_FORMS: readonly Form[] = ['uuid', 'email'];

/** Values that come again and again are an enum, if they are so few, so short, and each so frequent on average. */
const ENUM = { members: 12, length: 40, repeats: 10 };
/** Columns looked at by one statement: more make its plan slow. */
const AT_ONCE = 40;

function patternOf(schema: z.ZodType): (v: string) => string {
  const { pattern } = schema._zod.def as unknown as { readonly pattern: RegExp };
  return (v) => `regexp_matches(${v}::VARCHAR, ${text(pattern.source)})`;
}

/** Looks at every value of the rows that a SELECT gives. */
export async function profile(session: Session, select: string, columns: readonly Column[], isText: boolean): Promise<Profile[]> {
  const found: Profile[] = [];
  for (let at = 0; at < columns.length; at += AT_ONCE) {
    const some = columns.slice(at, at + AT_ONCE);
    const [row] = await session.rows(
      `SELECT count(*) AS rows, ${some.flatMap((column, index) => aggregates(column, index, isText)).join(', ')} FROM (${select})`,
    );
    for (const [index, column] of some.entries())
      found.push(await toProfile(session, select, column, isText, answersOf(row ?? {}, index)));
  }
  return found;
}

type Answers = (name: string) => unknown;

function answersOf(row: Readonly<Record<string, unknown>>, index: number): Answers {
  return (name) => (name === 'rows' ? row['rows'] : row[`${name}_${index}`]);
}

function aggregates(column: Column, index: number, isText: boolean): string[] {
  const name = quoteIdentifier(column.name);
  const answers: Record<string, string> = { values: `count(${name})` };
  const family = familyOf(column.type);
  if (family === 'text' && !isNumericText(column)) {
    for (const form of isText ? (Object.keys(FORMS) as Form[]) : TEXT_FORMS) answers[form] = `count_if(${FORMS[form](name)})`;
    answers['kinds'] = `approx_count_distinct(${name})`;
    answers['longest'] = `max(length(${name}::VARCHAR))`;
  }
  const number = numberOf(column, name, isText);
  if (number !== undefined) {
    answers['min'] = `min(${number})::VARCHAR`;
    answers['max'] = `max(${number})::VARCHAR`;
    answers['odd'] = `count_if(${name} IS NOT NULL AND NOT coalesce(isfinite(TRY_CAST(${name} AS DOUBLE)), FALSE))`;
  } else if (family === 'date' || family === 'timestamp' || family === 'timestamptz') {
    answers['odd'] = `count_if(NOT isfinite(${name}))`;
  }
  return Object.entries(answers).map(([answer, sql]) => `${sql} AS ${answer}_${index}`);
}

function numberOf({ type, ...column }: Column, name: string, isText: boolean): string | undefined {
  const family = familyOf(type);
  if (family === 'integer') return name;
  if (family === 'float' || family === 'decimal' || isText || isNumericText({ type, ...column }))
    return `TRY_CAST(${name} AS DOUBLE)`;
  return undefined;
}

async function toProfile(session: Session, select: string, column: Column, isText: boolean, answer: Answers): Promise<Profile> {
  const values = Number(answer('values'));
  const forms = (isText ? (Object.keys(FORMS) as Form[]) : TEXT_FORMS).filter((form) => answer(form) !== undefined);
  const form = values === 0 ? undefined : forms.find((each) => Number(answer(each)) === values);
  const isNumber = !isText || form === 'int' || form === 'bigint' || form === 'number';
  const [min, max] = [answer('min'), answer('max')];
  return {
    column,
    values,
    nulls: Number(answer('rows')) - values,
    form,
    range: isNumber && typeof min === 'string' && typeof max === 'string' ? { min, max } : undefined,
    hasUnbounded: !isText && Number(answer('odd') ?? 0) > 0,
    members: form === undefined ? await membersOf(session, select, column, values, answer) : undefined,
  };
}

async function membersOf(
  session: Session,
  select: string,
  column: Column,
  values: number,
  answer: Answers,
): Promise<readonly string[] | undefined> {
  const kinds = Number(answer('kinds') ?? 0);
  if (kinds === 0 || kinds > 2 * ENUM.members || Number(answer('longest')) > ENUM.length) return undefined;
  const name = quoteIdentifier(column.name);
  const found = await session.rows<{ member: string }>(
    `SELECT DISTINCT '"' || ${name}::VARCHAR AS member FROM (${select}) WHERE ${name} IS NOT NULL ORDER BY member LIMIT ${ENUM.members + 1}`,
  );
  if (found.length > ENUM.members || found.length * ENUM.repeats > values) return undefined;
  return found.map(({ member }) => member.slice(1));
}
