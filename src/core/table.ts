/** A table of a connection, by name: to have one says nothing of whether it is there. */
export interface TableRef {
  readonly connection: string;
  /** `table` or `schema.table`, as a load's `table`. */
  readonly table: string;
}

/** A table as a step's input. */
export interface TableInput extends TableRef {
  /** The load of this run that the step waited for. Absent for a table that was only named. */
  readonly loadId?: string;
  /** The step that somebody skipped, so that the table is not what the step would be given. */
  readonly skipped?: string;
}

/** A table as a step found it: what its newest load had made of it. */
export interface TableVersion {
  /** The table as people name it: `warehouse.public.orders`. */
  readonly target: string;
  /** The newest load in the table; `null` for a table that the ledger does not know. */
  readonly loadId: string | null;
  /** What that load loaded, as its ledger row says; empty without one. */
  readonly content: string;
}

/** Names a table as one load left it, among the URIs of datasets: lineage goes through it. */
export function tableUri(target: string, loadId: string | null): string {
  return `table:${target}${loadId === null ? '' : `#${loadId}`}`;
}

/** The table of such a URI, as people name it. */
export function targetOfUri(uri: string): string {
  return uri.replace(/^table:/, '').replace(/#.*$/s, '');
}

/** What a table declares of its rows. */
export interface TableRules {
  /** The columns of the primary key. */
  readonly key: readonly string[];
  readonly columns: readonly {
    readonly name: string;
    readonly nullable: boolean;
    /** Longest text. */
    readonly maxLength?: number;
    /** The only values, of an enum type or a check. */
    readonly members?: readonly string[];
  }[];
  /** A SELECT of some of its rows, as `ExtractOptions.query` takes it. */
  readonly sample: string;
}
