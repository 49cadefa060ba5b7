import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '../../src/config/contract.js';
import type { EngineSession } from '../../src/engine/session.js';
import { temporaryFolder } from '../support/folder.js';
import { countCases, seed, timeout, triesOfFiles } from './equality.js';
import { csvInput, judgeDataset, testSession } from './judging.js';
import { numberSchema, numericText } from './number-arbitraries.js';
import { textCase } from './text-arbitraries.js';
import { wrapper } from './wrapper-arbitrary.js';

const counted = countCases('rows of CSV files, with all issues and messages');
let session: EngineSession;
beforeAll(async () => {
  session = await testSession();
});
afterAll(() => session.close());

interface Field {
  readonly schema: z.ZodType;
  readonly texts: readonly (string | null)[];
  /** What zod is to see for a text. */
  readonly image: (text: string) => unknown;
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const numberOf = (text: string): unknown => (DECIMAL.test(text) && Number.isFinite(Number(text)) ? Number(text) : text);
const gaps = (texts: readonly string[]): (string | null)[] => texts.map((text, index) => (index % 9 === 8 ? null : text));

const field: fc.Arbitrary<Field> = fc.oneof(
  fc
    .tuple(textCase, wrapper)
    .map(([each, [, wrap]]) => ({ schema: wrap(each.schema), texts: gaps(each.texts), image: (text: string): unknown => text })),
  fc
    .tuple(numberSchema, wrapper, fc.array(numericText, { minLength: 30, maxLength: 60 }))
    .map(([[, schema], [, wrap], texts]) => ({ schema: wrap(schema), texts: gaps(texts), image: numberOf })),
);

const quoted = (text: string | null | undefined): string =>
  text === null || text === undefined ? '' : `"${text.replaceAll('"', '""')}"`;

it(
  `rejects the rows zod rejects, for zod's own issues, whatever the contract (seed ${seed})`,
  async () => {
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 4 }), async (fields) => {
        const schema = z.object(Object.fromEntries(fields.map((each, index) => [`c${index}`, each.schema])));
        const rows = Array.from({ length: 30 }, (_, row) => fields.map((each) => each.texts[row % each.texts.length] ?? null));
        // The first column keeps a row of empty fields from being a blank line.
        const csv =
          ['n', ...fields.map((_, index) => `c${index}`)].join() +
          '\n' +
          rows.map((row, index) => [index, ...row.map(quoted)].join()).join('\n');
        const { rejected } = await judgeDataset(
          session,
          folder,
          contract(schema),
          csvInput(folder, ['n', ...fields.map((_, index) => `c${index}`)], csv),
        );
        const expected = rows.flatMap((row, index) => {
          const values = row.map(
            (text, at) => [`c${at}`, text === null ? nullImage(fields[at] as Field) : (fields[at] as Field).image(text)] as const,
          );
          const result = schema.safeParse(Object.fromEntries(values.filter(([, value]) => value !== undefined)));
          return result.success
            ? []
            : [
                {
                  line: index + 2,
                  issues: result.error.issues.map(
                    (issue) => `${issue.path.join('.')} ${issue.code} ${issue.message.replace(/\p{Surrogate}/gu, '\ufffd')}`,
                  ),
                },
              ];
        });
        expect(
          rejected.map(({ line, reasons }) => ({
            line,
            issues: reasons.map((reason) => `${reason.path} ${reason.code} ${reason.message}`),
          })),
        ).toEqual(expected);
        counted.add(rows.length);
      }),
      { numRuns: triesOfFiles(30), seed },
    );
  },
  timeout,
);

function nullImage({ schema }: Field): unknown {
  return schema.safeParse(null).success ? null : undefined;
}
