/** A cron expression of five fields, each as the values that it takes, in order. Sunday is 0. */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  readonly daysOfWeek: readonly number[];
}

interface Field {
  readonly name: keyof Cron;
  readonly told: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const FIELDS: readonly Field[] = [
  { name: 'minutes', told: 'minute', least: 0, most: 59 },
  { name: 'hours', told: 'hour', least: 0, most: 23 },
  { name: 'daysOfMonth', told: 'day of the month', least: 1, most: 31 },
  { name: 'months', told: 'month', least: 1, most: 12, words: MONTHS },
  // Many write Sunday as 7.
  { name: 'daysOfWeek', told: 'day of the week', least: 0, most: 7, words: DAYS },
];

const NICKNAMES: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * Reads a cron expression. A time fits when all fields fit it: also where day of the month and day of the week are both
 * given, as Temporal takes it.
 *
 * @throws Error saying which field is wrong
 */
export function parseCron(text: string): Cron {
  const trimmed = text.trim();
  const parts = (NICKNAMES[trimmed.toLowerCase()] ?? trimmed).split(/\s+/);
  if (parts.length !== FIELDS.length || trimmed.startsWith('@every')) {
    const what = parts.length === 1 && trimmed.startsWith('@') ? 'is none of the known nicknames' : `has ${parts.length} fields`;
    throw new Error(
      `"${text}" ${what}. A cron expression has five: minute, hour, day of the month, month, day of the week, as "0 2 * * *".`,
    );
  }
  const entries = FIELDS.map((field, index) => [field.name, fieldValues(text, field, parts[index] ?? '')]);
  const cron = Object.fromEntries(entries) as unknown as Cron;
  const longest = Math.max(...cron.months.map((month) => new Date(Date.UTC(2024, month, 0)).getUTCDate()));
  if ((cron.daysOfMonth[0] ?? 0) > longest) throw new Error(`"${text}" never comes: none of its months has such a day.`);
  return cron;
}

/** Whether two expressions name the same times. */
export function isSameCron(one: Cron, other: Cron): boolean {
  return FIELDS.every(({ name }) => one[name].join() === other[name].join());
}

function fieldValues(text: string, field: Field, part: string): number[] {
  const wrong = (): Error =>
    new Error(
      `"${text}": the ${field.told} "${part}" cannot be read. It takes ${field.least} to ${field.name === 'daysOfWeek' ? 6 : field.most}${field.words ? `, ${field.words[0]} to ${field.words.at(-1)}` : ''}, lists "1,15", ranges "1-5" and steps "*/15".`,
    );
  const values = new Set<number>();
  for (const piece of part.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(piece) ?? [];
    const width = step === undefined ? 1 : Number(step);
    const ends = /^[*?]$/.test(range)
      ? [field.least, field.name === 'daysOfWeek' ? 6 : field.most]
      : range.split('-').map((end) => valueOf(field, end));
    const [first, last = step === undefined ? first : field.most] = ends;
    if (first === undefined || last === undefined || ends.length > 2 || first > last || width < 1) throw wrong();
    if (!(first >= field.least && last <= field.most)) throw wrong();
    for (let value = first; value <= last; value += width) values.add(field.name === 'daysOfWeek' ? value % 7 : value);
  }
  return [...values].toSorted((a, b) => a - b);
}

function valueOf({ words = [], least }: Field, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  const index = words.indexOf(text.toUpperCase());
  return index === -1 ? Number.NaN : index + least;
}
