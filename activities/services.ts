import type { Catalog, LogWriter } from '../src/catalog/index.js';
import type { RunCode } from '../src/core/admission.js';
import type { LoadedProject } from '../src/config/load.js';
import type { Checkpoint } from '../src/connectors/contract.js';
import type { LeftWorks } from '../src/connectors/left-work.js';
import type { Staging } from '../src/engine/staging.js';
import type { Connect } from './connect.js';

/** What the activities work with; made once a worker. */
export interface Services {
  readonly project: LoadedProject;
  /** Opens the project's connections. */
  readonly connect: Connect;
  readonly catalog: Catalog;
  /** Takes the lines that steps log. */
  readonly log: LogWriter;
  readonly staging: Staging;
  /** What attempts that were cut off have left for the next ones. */
  readonly leftWorks: LeftWorks;
  /** Named points at which a test may stop the process. Production passes one that does nothing. */
  readonly checkpoint: Checkpoint;
  readonly workerIdentity: string;
  /** The workflow code that this worker runs. */
  readonly code: RunCode;
}
