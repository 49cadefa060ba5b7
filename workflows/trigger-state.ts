import { workflowInfo } from '@temporalio/workflow';
import { DatasetVersions } from '../src/core/dataset-versions.js';
import { jsonBytes } from '../src/core/json-bytes.js';
import { partitionInPath } from '../src/core/partition-in-path.js';
import type {
  ArrivedFile,
  DatasetEvent,
  RecalledTrigger,
  TriggerCarried,
  TriggeredStart,
  TriggerEvaluation,
  TriggerInput,
  TriggerKind,
  TriggerRequest,
  TriggerSettings,
  WebhookDelivery,
} from '../src/core/trigger.js';
import { TriggerStarts } from './trigger-starts.js';

/** Deliveries that are remembered; after those, Temporal still knows the run that each has started. */
const MOST_DELIVERIES = 2_000;
/** Versions of datasets that may wait for others: with more, the argument of the next execution would grow too large. */
const MOST_WAITING = 10_000;
/** What the next execution may be given: Temporal ends a workflow that hands on more than 2 MiB. */
const MOST_CARRIED_BYTES = 1_900_000;
/** Of which so much is kept for telling what had to be given up. */
const TOLD_BYTES = 50_000;
/** Inputs that an evaluation names. */
const MOST_INPUTS = 50;

/** What to do about starts that were given up; files are found again by the next look. */
const GIVEN_UP: Readonly<Record<Exclude<TriggerKind, 'files'>, string>> = {
  after: 'Run these partitions by hand.',
  sql: 'Run the pipeline by hand for these answers.',
  webhook: 'Have these deliveries sent again.',
};

type Told = Pick<TriggerEvaluation, 'kind' | 'partition' | 'outcome'> & Partial<TriggerEvaluation>;

/** What a trigger knows: it is told what happens, and decides what is to be started. */
export class TriggerState {
  settings: TriggerSettings;
  paused: TriggerRequest | null;
  /** Whether files and databases are to be looked at without waiting for their time. */
  isAskedToLook = false;
  readonly starts: TriggerStarts;
  /** What is to be written down. */
  readonly evaluations: TriggerEvaluation[];
  private versions: DatasetVersions;
  private readonly deliveries: Set<string>;
  private value: string | null;
  private number: number;
  /** Partitions of which something was heard that nobody has looked at. */
  private readonly touched = new Set<string>();

  constructor({ pipeline, settings, carried }: TriggerInput) {
    this.pipeline = pipeline;
    this.settings = settings;
    this.paused = carried?.paused ?? null;
    this.versions = new DatasetVersions(settings.partition, settings.after, carried?.versions);
    this.deliveries = new Set(carried?.deliveries);
    this.value = carried?.value ?? null;
    this.number = carried?.number ?? 0;
    this.evaluations = [...(carried?.evaluations ?? [])];
    this.starts = new TriggerStarts(carried?.starts, carried?.runs);
  }

  readonly pipeline: string;

  /** Takes in what the catalog knows of an earlier workflow of the same trigger. */
  recall({ waiting, done, paused }: RecalledTrigger): void {
    for (const event of done) this.versions.know(event);
    this.hearLoads(waiting);
    this.paused ??= paused;
  }

  hearLoads(events: readonly DatasetEvent[]): void {
    for (const event of events) {
      const heard = this.versions.take(event);
      if (heard.kind === 'known') continue;
      for (const partition of heard.partitions) this.touched.add(partition);
      if (heard.partitions.length > 0) continue;
      const reason = `${event.dataset} has a new version${event.partition === null ? '' : ` for ${event.partition}`}, which counts for every partition in it; no partition waits for it.`;
      this.tell({ kind: 'after', partition: null, outcome: 'waiting', reason, inputs: [`${event.dataset} ${event.load}`] });
    }
    this.dropTooMany();
  }

  hearDelivery({ id, params }: WebhookDelivery): void {
    const named = this.settings.partition && params[this.settings.partition.parameter];
    const partition = typeof named === 'string' ? named : null;
    const inputs = [`delivery ${id}`];
    if (this.deliveries.has(id)) {
      const reason = 'The delivery came before, and is acted on once.';
      this.tell({ kind: 'webhook', partition, outcome: 'duplicate', reason, inputs });
      return;
    }
    this.deliveries.add(id);
    for (const oldest of this.deliveries) {
      if (this.deliveries.size <= MOST_DELIVERIES) break;
      this.deliveries.delete(oldest);
    }
    this.add({ kind: 'webhook', partition, params, inputs, key: `webhook/${id}` });
  }

  pause(request: TriggerRequest): void {
    this.paused ??= request;
  }

  resume(): void {
    this.paused = null;
    this.evaluateAll();
  }

  /** Looks at everything that waits, now. */
  evaluateAll(): void {
    this.isAskedToLook = true;
    for (const partition of this.versions.waiting()) this.touched.add(partition);
  }

  apply(settings: TriggerSettings): void {
    const before = this.settings;
    const isOther = before.partition?.kind !== settings.partition?.kind;
    // What is known of other partitions means nothing to these.
    this.versions = new DatasetVersions(settings.partition, settings.after, isOther ? undefined : this.versions.state());
    if (before.sql?.query !== settings.sql?.query) this.value = null;
    this.settings = settings;
    this.evaluateAll();
  }

  get hasSomethingTouched(): boolean {
    return this.touched.size > 0;
  }

  /** Decides about every partition of which something was heard. */
  decide(): void {
    for (const partition of this.touched) this.decideOn(partition);
    this.touched.clear();
  }

  private decideOn(partition: string): void {
    const missing = this.versions.missing(partition);
    const inputs = this.versions.present(partition).slice(0, MOST_INPUTS);
    const told = { kind: 'after' as const, partition: partition === '' ? null : partition, inputs };
    if (missing.length > 0) {
      const reason = `No new version since the last start of: ${missing.join(', ')}.`;
      this.tell({ ...told, outcome: 'waiting', reason });
      return;
    }
    this.versions.start(partition);
    this.add({ ...told, params: {} });
  }

  /** Takes files that were found; those that a start is decided on for are left out. */
  hearFiles(found: readonly ArrivedFile[]): void {
    const known = new Set(this.starts.files().map(nameOf));
    const fresh = found.filter((file) => !known.has(nameOf(file)));
    if (fresh.length === 0) {
      const { connection = '', path = '' } = this.settings.files ?? {};
      this.tell({ kind: 'files', partition: null, outcome: 'waiting', reason: `No file ${path} in "${connection}" is new.` });
      return;
    }
    const { partition } = this.settings;
    const groups = new Map<string, ArrivedFile[]>();
    for (const file of fresh) {
      const named = partition ? (partitionInPath(file.path, partition.kind) ?? '') : '';
      groups.set(named, [...(groups.get(named) ?? []), file]);
    }
    for (const [named, files] of groups) this.addFiles(named === '' ? null : named, files);
  }

  private addFiles(partition: string | null, files: readonly ArrivedFile[]): void {
    const parameter = this.settings.files?.parameter;
    const params = parameter ? { [parameter]: files.map(({ path }) => path) } : {};
    const inputs = files.slice(0, MOST_INPUTS).map(({ path }) => path);
    this.add({ kind: 'files', partition, params, inputs, files });
  }

  /** Takes what the database has answered. */
  hearValue(value: string | null): void {
    const told = { kind: 'sql' as const, partition: null, outcome: 'waiting' as const };
    if (value === null) this.tell({ ...told, reason: 'The condition does not hold.' });
    else if (value === this.value) {
      this.tell({ ...told, reason: 'The answer is the one that a run was started for.', inputs: [value] });
    } else {
      const parameter = this.settings.sql?.parameter;
      const params = parameter ? { [parameter]: value } : {};
      this.add({ kind: 'sql', partition: this.settings.partition && value, params, inputs: [value] });
    }
    this.value = value;
  }

  hearTrouble(kind: TriggerKind, { code, reason }: { readonly code: string; readonly reason: string }): void {
    this.tell({ kind, partition: null, outcome: 'failed', code, reason });
  }

  /** The next evaluation's name; names sort by time. */
  nextId(at: string): string {
    this.number += 1;
    return `${at}/${String(this.number).padStart(9, '0')}`;
  }

  /** Whether what it knows can be taken along whole. */
  get fits(): boolean {
    return jsonBytes(this.carried()) <= MOST_CARRIED_BYTES - TOLD_BYTES;
  }

  carry(): TriggerCarried {
    // What was heard in the last moment is decided on here, so that the decision is all that has to be taken along.
    this.decide();
    if (!this.fits) this.giveUp();
    return this.carried();
  }

  private carried(): TriggerCarried {
    return {
      versions: this.versions.state(),
      ...this.starts.carry(),
      deliveries: [...this.deliveries],
      value: this.value,
      paused: this.paused,
      number: this.number,
      evaluations: this.evaluations,
    };
  }

  /** Starts that cannot be taken along are given up, and told of: better than all of them with the whole workflow. */
  private giveUp(): void {
    const rest = jsonBytes({ ...this.carried(), starts: [] });
    const lost = this.starts.dropBeyond(MOST_CARRIED_BYTES - TOLD_BYTES - rest);
    for (const [kind, whatToDo] of Object.entries(GIVEN_UP) as [Exclude<TriggerKind, 'files'>, string][]) {
      const ofKind = lost.filter((start) => start.kind === kind);
      if (ofKind.length === 0) continue;
      if (kind === 'webhook') for (const { key } of ofKind) this.deliveries.delete(key.slice('webhook/'.length));
      const inputs = ofKind.map(({ partition, inputs: [first = ''] }) => partition ?? first).slice(0, MOST_INPUTS);
      const reason = `${ofKind.length} runs that were to be started are given up: more wait than this trigger can keep. ${whatToDo}`;
      this.tell({ kind, partition: null, outcome: 'failed', code: 'TRIGGER_FULL', reason, inputs });
    }
  }

  private add(start: Omit<TriggeredStart, 'key'> & { readonly key?: string }): void {
    this.number += 1;
    const { firstExecutionRunId } = workflowInfo();
    this.starts.add({ ...start, key: start.key ?? `${start.kind}/${firstExecutionRunId}/${this.number}` });
    if (!this.paused) return;
    const reason = `The trigger is paused by ${this.paused.by}; the run is started when it is resumed.`;
    this.tell({ kind: start.kind, partition: start.partition, outcome: 'waiting', reason, inputs: start.inputs });
  }

  private dropTooMany(): void {
    for (let dropped = this.versions.dropBeyond(MOST_WAITING); dropped !== undefined;) {
      const reason = `More than ${MOST_WAITING} versions of datasets wait for others, so this partition, which waited longest, is given up. Run it by hand once its datasets are loaded.`;
      this.touched.delete(dropped);
      this.tell({ kind: 'after', partition: dropped, outcome: 'failed', code: 'TRIGGER_FULL', reason });
      dropped = this.versions.dropBeyond(MOST_WAITING);
    }
  }

  private tell(told: Told): void {
    const at = new Date().toISOString();
    this.evaluations.push({
      trigger: workflowInfo().workflowId,
      id: this.nextId(at),
      pipeline: this.pipeline,
      at,
      code: null,
      reason: null,
      inputs: [],
      workflowId: null,
      runId: null,
      ...told,
    });
  }
}

function nameOf({ path, stamp }: ArrivedFile): string {
  return `${path}\n${stamp}`;
}
