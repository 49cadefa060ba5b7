/** A schema as `contractHash` describes it: zod's definition in JSON. */
export type Described = Readonly<Record<string, unknown>>;

/** What a column allows, as far as versions are compared by it. */
export interface Allowed {
  /** The kind of value: `string`, `string (date)`, `int`, `array`. */
  readonly kind: string;
  readonly isNullable: boolean;
  /** Whether a row may lack it. */
  readonly isOptional: boolean;
  /** Lower and upper bounds, by what they bound: values, length. */
  readonly bounds: Readonly<Record<string, Bound>>;
  /** The values of an enum or a literal. */
  readonly members: readonly string[] | undefined;
  /** Whatever else there is to pass, by the words for it. */
  readonly others: Readonly<Record<string, string>>;
  /** What changes values, or says more about them, without deciding which are accepted. */
  readonly notes: Readonly<Record<string, string>>;
}

export interface Bound {
  /** As a number to compare by; `null` where it is not one. */
  readonly value: number | null;
  readonly text: string;
  readonly inclusive: boolean;
}

const WRAPPERS: ReadonlySet<string> = new Set([
  'optional',
  'nullable',
  'default',
  'prefault',
  'catch',
  'readonly',
  'nonoptional',
]);

/** Reads what a described schema allows. */
export function allowedBy(schema: Described): Allowed {
  const found = { isNullable: false, isOptional: false, notes: {} as Record<string, string> };
  const inner = unwrap(schema, found);
  const { bounds, others } = checksOf(inner);
  return { kind: kindOf(inner), ...found, bounds, members: membersOf(inner), others };
}

/** The schema below what says whether a value may be missing. */
export function innerOf(schema: Described): Described {
  return unwrap(schema, { isNullable: false, isOptional: false, notes: {} });
}

function unwrap(
  schema: Described,
  found: { isNullable: boolean; isOptional: boolean; notes: Record<string, string> },
): Described {
  const type = wordOf(schema['type'], '');
  note(found.notes, 'meta', schema['meta']);
  if (type === 'union') {
    const options = schema['options'] as readonly Described[];
    const values = options.filter((option) => option['type'] !== 'null' && option['type'] !== 'undefined');
    if (values.length < options.length) found.isNullable ||= options.some((option) => option['type'] === 'null');
    return values.length === 1 ? unwrap(values[0] as Described, found) : schema;
  }
  if (!WRAPPERS.has(type)) return schema;
  if (type === 'nullable') found.isNullable = true;
  if (type === 'optional') found.isOptional = true;
  if (type === 'nonoptional') found.isOptional = false;
  if (type === 'default' || type === 'prefault' || type === 'catch') {
    found.isOptional = true;
    note(found.notes, type, schema['defaultValue'] ?? schema['catchValue']);
  }
  return unwrap(schema['innerType'] as Described, found);
}

function note(notes: Record<string, string>, name: string, value: unknown): void {
  if (value !== undefined) notes[name] = JSON.stringify(value);
}

function kindOf(schema: Described): string {
  const type = wordOf(schema['type'], 'anything');
  const format = schema['format'];
  const coerced = schema['coerce'] === true ? 'coerced ' : '';
  if (type === 'number' && format === 'safeint') return `${coerced}int`;
  if (typeof format === 'string') return `${coerced}${type} (${format})`;
  if (type === 'union') return (schema['options'] as readonly Described[]).map(kindOf).join(' or ');
  // Both are lists of values.
  return type === 'literal' ? 'enum' : `${coerced}${type}`;
}

function membersOf(schema: Described): readonly string[] | undefined {
  if (schema['type'] === 'enum')
    return Object.values(schema['entries'] as Record<string, unknown>).map((value) => JSON.stringify(value));
  if (schema['type'] === 'literal') return (schema['values'] as readonly unknown[]).map((value) => JSON.stringify(value));
  return undefined;
}

/** Of a definition, what is told in other ways, or decides nothing. */
const TOLD: ReadonlySet<string> = new Set(['type', 'checks', 'meta', 'error', 'entries', 'values', 'format', 'check', 'coerce']);

const BOUNDS: Readonly<Record<string, readonly [name: string, value: string]>> = {
  greater_than: ['minimum', 'value'],
  less_than: ['maximum', 'value'],
  min_length: ['minimum length', 'minimum'],
  max_length: ['maximum length', 'maximum'],
};

function checksOf(schema: Described): Pick<Allowed, 'bounds' | 'others'> {
  const bounds: Record<string, Bound> = {};
  const others: Record<string, string> = {};
  const add = (name: string, value: unknown, inclusive: boolean): void => {
    bounds[name] = { value: numberOf(value), text: textOf(value), inclusive };
  };
  for (const check of (schema['checks'] ?? []) as readonly Described[]) {
    const kind = wordOf(check['check'], 'check');
    const bound = BOUNDS[kind];
    if (bound) {
      add(bound[0], check[bound[1]], check['inclusive'] === true || kind.endsWith('_length'));
    } else if (kind === 'length_equals') {
      add('minimum length', check['length'], true);
      add('maximum length', check['length'], true);
    } else {
      const { error: _, when: __, ...rest } = check;
      const words = kind === 'string_format' ? `format ${wordOf(check['format'], '')}` : kind.replaceAll('_', ' ');
      const name = others[words] === undefined ? words : `${words} ${Object.keys(others).length + 1}`;
      others[name] = JSON.stringify(rest);
    }
  }
  const structure = Object.fromEntries(Object.entries(schema).filter(([name]) => !TOLD.has(name)));
  // A pattern of a format's own goes with the format.
  if (schema['format'] !== undefined) delete structure['pattern'];
  if (Object.keys(structure).length > 0) others['structure'] = JSON.stringify(structure);
  return { bounds, others };
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null) return null;
  const { date, bigint, number } = value as Record<string, unknown>;
  const found = typeof date === 'string' ? Date.parse(date) : Number(bigint ?? number);
  return Number.isNaN(found) ? null : found;
}

function textOf(value: unknown): string {
  const { date, bigint, number } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const plain = date ?? bigint ?? number;
  return typeof plain === 'string' ? plain : JSON.stringify(value);
}

function wordOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
