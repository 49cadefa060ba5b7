import type { Output } from './output.js';

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  /** The project's folder, absolute. */
  readonly directory: string;
}
