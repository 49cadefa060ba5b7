import type { Watermark } from '../core/cursor.js';

/** Where a target is, in words. */
export function watermarkText({ column, value, upTo }: Watermark): string {
  if (upTo !== undefined)
    return `${column ?? ''} ${value ?? 'from the beginning'} to ${upTo ?? 'no value'}, as loaded before`.trim();
  return value === null ? 'nothing loaded by a watermark yet' : `${column ?? ''} ${value}`.trim();
}
