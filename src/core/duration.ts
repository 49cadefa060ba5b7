const UNITS: Readonly<Record<string, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/** A length of time in words, such as `2 days`, `36 hours` or `1.5 hours`, in milliseconds; `undefined` for any other text. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(second|minute|hour|day|week)s?$/.exec(text.trim()) ?? [];
  return amount === undefined || unit === undefined ? undefined : Number(amount) * (UNITS[unit] as number);
}

/** For what is kept so long that nobody counts days: a month has 30 of them, a year 365. */
const LONG_UNITS: Readonly<Record<string, number>> = { month: 30 * 86_400_000, year: 365 * 86_400_000 };

/** As {@link parseDuration}, with months and years besides. */
export function parseSpan(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?(month|year)s?$/.exec(text.trim()) ?? [];
  return amount === undefined || unit === undefined ? parseDuration(text) : Number(amount) * (LONG_UNITS[unit] as number);
}
