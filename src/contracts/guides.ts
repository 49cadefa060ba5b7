import type { ColumnSpec } from './rules.js';

// A value's guides are all parts of a contract that speak of it: several where a union has several options.

/** Takes unions apart: each option is a guide. */
export function flatten(guides: readonly ColumnSpec[]): readonly ColumnSpec[] {
  return guides.flatMap((guide) => (guide.base.kind === 'union' ? flatten(guide.base.options) : [guide]));
}

/** The guides of a list's elements; of the one at `index`, where it is given. */
export function elementGuides(guides: readonly ColumnSpec[], index?: number): readonly ColumnSpec[] {
  return guides.flatMap(({ base }) => {
    if (base.kind === 'list') return [base.element];
    if (base.kind !== 'tuple') return [];
    const rest = base.rest === undefined ? [] : [base.rest];
    if (index === undefined) return [...base.items, ...rest];
    const item = base.items[index];
    return item === undefined ? rest : [item];
  });
}

/** The guides of a field, and whether the contract names it; what it does not name may have guides too. */
export function fieldGuides(
  guides: readonly ColumnSpec[],
  name: string,
): { readonly guides: readonly ColumnSpec[]; readonly isNamed: boolean } {
  const named = guides.flatMap(({ base }) => (base.kind === 'object' ? base.fields.filter((field) => field.name === name) : []));
  const others = guides.flatMap(({ base }) => {
    if (base.kind === 'map') return [base.value];
    if (base.kind !== 'object' || base.catchall === undefined) return [];
    return base.fields.some((field) => field.name === name) ? [] : [base.catchall];
  });
  return { guides: [...named, ...others], isNamed: named.length > 0 };
}

/** The guides of the values under keys that are data themselves. */
export function valueGuides(guides: readonly ColumnSpec[]): readonly ColumnSpec[] {
  return guides.flatMap(({ base }) => (base.kind === 'map' ? [base.value] : []));
}
