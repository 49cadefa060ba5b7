import type { LoadResult } from '../../src/core/load.js';
import type { Connector, DestinationCapabilities, LoadRequest } from '../../src/connectors/contract.js';
import type { ContextOptions } from './context.js';
import type { SampleLoad, SampleRow } from './sample.js';

/** What the suite needs of a system. */
export interface DestinationHarness {
  readonly capabilities: DestinationCapabilities;
  readonly open: () => Promise<Connector>;
  /** A target that does not exist yet, fit for loads of that mode. */
  readonly newTarget: (mode: LoadRequest['mode'], partitioned: boolean) => string;
  /** The target's rows as any other reader sees them in this moment; none when it does not exist. */
  readonly read: (target: string) => Promise<SampleRow[]>;
  /** With mode `scd2`: the target's versions, by id and time. */
  readonly versions?: (target: string) => Promise<SampleVersion[]>;
}

/** A row of a table of versions. */
export interface SampleVersion extends SampleRow {
  readonly from: Date;
  readonly to: Date | null;
  readonly current: boolean;
}

/** What the rules are tested with. */
export interface Tools {
  readonly load: (request: SampleLoad, options?: ContextOptions) => Promise<LoadResult>;
  readonly target: (mode: LoadRequest['mode'], partitioned?: boolean) => string;
  readonly rowsOf: (target: string) => Promise<SampleRow[]>;
  readonly harness: () => DestinationHarness;
}
