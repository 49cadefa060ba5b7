import { expect, it } from 'vitest';
import { z } from 'zod';
import { changeText, textChange, type TextChange } from '../../src/contracts/text-changes.js';
import { testSession } from './judging.js';

const JAVASCRIPT: Readonly<Record<TextChange, (text: string) => string>> = {
  trim: (text) => text.trim(),
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
  nfc: (text) => text.normalize('NFC'),
};

it('changes every character as JavaScript does, or is unsure of it', async () => {
  const session = await testSession();
  try {
    for (const [name, change] of Object.entries(JAVASCRIPT)) {
      const { sql, unsure = 'FALSE' } = changeText(name as TextChange, 's');
      const rows = await session.rows<{ i: bigint; changed: string }>(
        `SELECT i, '"' || ${sql} AS changed FROM (SELECT i, chr(i::INTEGER) AS s FROM (FROM range(1, 55296) UNION ALL FROM range(57344, 131072)) AS t(i)) WHERE NOT ${unsure}`,
      );
      expect(rows.length).toBeGreaterThan(120_000);
      const wrong = rows.filter(({ i, changed }) => changed.slice(1) !== change(String.fromCodePoint(Number(i))));
      expect(wrong.map(({ i }) => `${name} U+${Number(i).toString(16)}`)).toEqual([]);
    }
  } finally {
    session.close();
  }
});

it('knows zod’s own changes from those of others', () => {
  const changeOf = (schema: z.ZodString): TextChange | undefined =>
    textChange((schema._zod.def.checks ?? [])[0] as z.core.$ZodCheck);
  expect(changeOf(z.string().trim())).toBe('trim');
  expect(changeOf(z.string().toLowerCase())).toBe('lower');
  expect(changeOf(z.string().toUpperCase())).toBe('upper');
  expect(changeOf(z.string().normalize())).toBe('nfc');
  expect(changeOf(z.string().normalize('NFKC'))).toBeUndefined();
  expect(changeOf(z.string().normalize('NFD'))).toBeUndefined();
  expect(changeOf(z.string().overwrite((text) => text.slice(1)))).toBeUndefined();
  expect(changeOf(z.string().min(1))).toBeUndefined();
});
