import type { Usage } from '../child-process.js';

/** One run of the pipeline, from the client's start to its result. */
export interface MillraceSide {
  readonly seconds: number;
  readonly rows: number;
  readonly walBytes: number;
  /** CPU seconds of the worker. */
  readonly cpuS: number;
  /** Seconds of each activity, by its type. */
  readonly activities: Readonly<Record<string, number>>;
}

/** One COPY, from connecting to the answer to COMMIT. */
export interface RawSide extends Usage {
  readonly seconds: number;
  readonly rows: number;
  readonly walBytes: number;
}

export interface Round {
  readonly millrace: MillraceSide;
  readonly raw: RawSide;
}
