import type { z } from 'zod';
import type { PipelineConfig } from '../config/project.js';
import type { Scalar } from '../core/filter.js';

/** Parameters such as a run of a pipeline may have. */
export type SampleParameters = Readonly<Record<string, Scalar>>;

/** The names of all parameters that some pipeline has. */
export function knownParameters(pipelines: Readonly<Record<string, PipelineConfig>>): string[] {
  return [...new Set(Object.values(pipelines).flatMap(({ params }) => Object.keys(params.shape)))];
}

/**
 * Parameters of the right types for each pipeline, as far as its schema tells; the parameter of its partitions is a real
 * partition. Pipelines whose parameters have the same names and types give one sample.
 */
export function sampleParameters(pipelines: Readonly<Record<string, PipelineConfig>>): SampleParameters[] {
  const samples = Object.values(pipelines).map(({ params, partition }) => ({
    ...Object.fromEntries(Object.entries(params.shape).map(([name, schema]) => [name, sampleOf(schema)])),
    ...(partition && { [partition.parameter]: partition.from }),
  }));
  const distinct = new Map(samples.map((sample) => [JSON.stringify(sample), sample]));
  return distinct.size === 0 ? [{}] : [...distinct.values()];
}

/** What the kinds of zod's schemas say of their values. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly defaultValue?: unknown;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
  readonly format?: string;
  readonly options?: readonly z.core.$ZodType[];
}

const BY_FORMAT: Readonly<Record<string, string>> = {
  date: '2000-01-01',
  time: '00:00:00',
  datetime: '2000-01-01T00:00:00Z',
  email: 'a@example.com',
  url: 'https://example.com',
  uuid: '00000000-0000-4000-8000-000000000000',
};

function sampleOf(schema: z.core.$ZodType): Scalar {
  const def = schema._zod.def as unknown as Definition;
  if (isScalar(def.defaultValue)) return def.defaultValue;
  const inner = def.innerType ?? def.in ?? def.options?.[0];
  if (inner) return sampleOf(inner);
  const [value] = def.values ?? Object.values(def.entries ?? {});
  if (isScalar(value)) return value;
  if (def.type === 'number') return 1;
  if (def.type === 'boolean') return true;
  return def.type === 'string' ? (BY_FORMAT[def.format ?? ''] ?? '') : null;
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
