/** Digits that an integer type may have, and whether it has negative values. */
const INTEGERS: Readonly<Record<string, { readonly bits: number; readonly signed: boolean; readonly digits: number }>> = {
  TINYINT: { bits: 7, signed: true, digits: 3 },
  SMALLINT: { bits: 15, signed: true, digits: 5 },
  INTEGER: { bits: 31, signed: true, digits: 10 },
  BIGINT: { bits: 63, signed: true, digits: 19 },
  HUGEINT: { bits: 127, signed: true, digits: 39 },
  UTINYINT: { bits: 8, signed: false, digits: 3 },
  USMALLINT: { bits: 16, signed: false, digits: 5 },
  UINTEGER: { bits: 32, signed: false, digits: 10 },
  UBIGINT: { bits: 64, signed: false, digits: 20 },
};

/** Bits of the integers that a floating-point type holds exactly. */
const EXACT_BITS: Readonly<Record<string, number>> = { FLOAT: 24, DOUBLE: 53 };

/** Whether every value of the DuckDB type `from` is one of the type `to`. */
export function widensTo(from: string, to: string): boolean {
  if (from === to) return true;
  const [narrow, wide] = [INTEGERS[from], INTEGERS[to]];
  const decimal = decimalOf(to);
  if (narrow) {
    if (wide) return narrow.bits <= wide.bits && (wide.signed || !narrow.signed);
    return narrow.bits <= (EXACT_BITS[to] ?? 0) || (decimal !== undefined && narrow.digits <= decimal.before);
  }
  if (from === 'FLOAT') return to === 'DOUBLE';
  if (from === 'DATE') return to === 'TIMESTAMP';
  const before = decimalOf(from);
  return before !== undefined && decimal !== undefined && before.before <= decimal.before && before.scale <= decimal.scale;
}

function decimalOf(type: string): { before: number; scale: number } | undefined {
  const found = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type);
  return found ? { before: Number(found[1]) - Number(found[2]), scale: Number(found[2]) } : undefined;
}
