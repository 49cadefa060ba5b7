import type { LoadMode } from '../core/load.js';
import type { LoadOptions } from '../core/quarantine.js';
import type { StepId } from '../core/steps.js';
import type { RunKey } from './facts.js';

/** A version of a contract. */
export interface ContractVersionRow {
  readonly name: string;
  readonly hash: string;
  /** The canonical text that was hashed. */
  readonly definition: string;
  readonly firstSeenAt: string;
  /** When a step last made or found a dataset by it; `null` where the catalog knows of none. */
  readonly lastUsedAt: string | null;
}

/** Who had rows of a contract. */
export interface ContractUses {
  readonly pipelines: readonly string[];
  readonly targets: readonly string[];
}

/** A load as it was done. */
export interface LoadRow extends RunKey {
  readonly loadId: string;
  readonly content: string;
  readonly step: StepId;
  readonly connection: string;
  /** As {@link LoadResult} names it. */
  readonly target: string;
  readonly mode: LoadMode;
  readonly partition: string | null;
  readonly rows: number;
  readonly loadedAt: string;
  /** `null` where nobody has told, as when the catalog was rebuilt from a ledger. */
  readonly options: LoadOptions | null;
  readonly addsTo: string | null;
}
