import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { keysOf, KEY_SOURCES } from '../../scripts/docs/config-reference.js';
import { PAGES } from '../../scripts/docs/pages.js';
import { projectSchema } from '../../src/config/schema.js';
import { ROOT } from './imports.js';

test.each(PAGES)('$path is what `npm run docs` makes of today’s code', ({ path, text }) => {
  expect(readFileSync(join(ROOT, path), 'utf8'), `${path} is out of date: npm run docs`).toBe(text());
});

describe('the config’s reference', () => {
  test('has a sentence for every key', () => {
    const bare = Object.values(KEY_SOURCES).flatMap(([file, name]) =>
      keysOf(ROOT, file, name).filter(({ about }) => !/^[A-Z].*[.…]$/.test(about)),
    );
    expect(bare).toEqual([]);
  });

  test('has exactly the keys that the schema takes', () => {
    const [file, name] = KEY_SOURCES.project;
    const nested = new Map<string, readonly string[]>(
      [KEY_SOURCES.s3, KEY_SOURCES.alerts, KEY_SOURCES.retention].map(([from, type]) => [
        type,
        keysOf(ROOT, from, type).map(({ key }) => key),
      ]),
    );
    expect(
      keysOf(ROOT, file, name)
        .flatMap(({ key, type }) => nested.get(type)?.map((inner) => `${key}.${inner}`) ?? [key])
        .toSorted(),
    ).toEqual(
      [
        ...new Set(keysTaken(projectSchema).map((key) => key.replace(/^retention\.schedule\..*/, 'retention.schedule'))),
      ].toSorted(),
    );
  });
});

/** The keys of a schema, those of objects in it as `outer.inner`. */
function keysTaken(schema: z.ZodObject, prefix = ''): string[] {
  return Object.entries(schema.shape).flatMap(([key, value]) => {
    const inner = unwrapped(value as z.ZodType);
    return inner.type === 'object' ? keysTaken(inner as z.ZodObject, `${prefix}${key}.`) : [`${prefix}${key}`];
  });
}

function unwrapped(schema: z.ZodType): z.ZodType {
  return schema.type === 'optional' ? unwrapped((schema as z.ZodOptional<z.ZodType>).unwrap()) : schema;
}
