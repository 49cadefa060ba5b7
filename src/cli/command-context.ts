import type { Output } from './output.js';

/** What every command gets. */
export interface CommandContext {
  readonly output: Output;
  /** The project's folder, absolute. */
  readonly directory: string;
  /** The service that `--service` names; `false` where the command line names a Temporal server instead. */
  readonly service?: string | false | undefined;
}
