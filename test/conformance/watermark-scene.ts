import { randomBytes } from 'node:crypto';
import type { CursorRange, Watermark } from '../../src/core/cursor.js';
import type { Connector, WatermarkRequest } from '../../src/connectors/contract.js';
import { withContext } from './context.js';
import type { Tools } from './destination-tools.js';
import { sampleRows, type SampleLoad } from './sample.js';

export type WatermarkMode = 'append' | 'merge';

/** A target, and what loads into it are made with. */
export interface WatermarkScene {
  readonly to: string;
  /** The watermark that a step is told. */
  readonly ask: (step?: string, name?: string) => Promise<Watermark>;
  /** Loads the rows of a range of ids, from the one after `since`. */
  readonly load: (since: Watermark, upTo: number, more?: Partial<SampleLoad>) => ReturnType<Tools['load']>;
}

/** The range from a watermark up to an id. */
export function rangeOf({ value, target, name, step, upTo: planned }: Watermark, upTo: number | null): CursorRange {
  const end = planned !== undefined ? planned : upTo === null ? null : String(upTo);
  return {
    column: 'id',
    type: 'BIGINT',
    after: value,
    from: value,
    upTo: end,
    withoutCursor: 0,
    watermark: { target, name, step },
  };
}

/** A fresh target. */
export function watermarkScene(tools: Tools, mode: WatermarkMode): WatermarkScene {
  const to = tools.target(mode);
  return {
    to,
    ask: (step = `run-${randomBytes(4).toString('hex')}/0/watermark:depot`, name = '') =>
      askFor(tools.harness().open, { target: to, connection: 'depot', name, step }),
    load: (since, upTo, more) => {
      const rows = sampleRows(Number(since.value ?? 0) + 1, upTo);
      return tools.load({ target: to, mode, rows, watermark: rangeOf(since, upTo), ...more });
    },
  };
}

async function askFor(open: () => Promise<Connector>, request: WatermarkRequest): Promise<Watermark> {
  const connector = await open();
  try {
    return await withContext(async (context) => {
      if (!connector.destination?.watermark) throw new Error('The destination keeps no watermarks');
      return connector.destination.watermark(request, context);
    });
  } finally {
    await connector.close();
  }
}
