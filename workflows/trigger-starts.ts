import { jsonBytes } from '../src/core/json-bytes.js';
import type { ArrivedFile, StartAttempt, TriggerCarried, TriggeredStart, TriggerKind } from '../src/core/trigger.js';

/** Starts that are tried by one activity. */
const AT_ONCE = 50;

/**
 * Starts that are decided on. What would start the same run is one: while a run of a partition goes on, whatever else would
 * start that partition is put together, and started once, when the run has ended.
 */
export class TriggerStarts {
  private readonly waiting: Map<string, TriggeredStart>;
  /** Being tried now: whatever comes meanwhile is another start. */
  private readonly tried = new Map<string, TriggeredStart>();
  /** Lanes whose run before has to end. */
  private readonly blocked = new Map<string, string>();
  private readonly runs: Map<TriggerKind, string>;

  constructor(starts: TriggerCarried['starts'] = [], runs: TriggerCarried['runs'] = {}) {
    this.waiting = new Map(starts);
    this.runs = new Map(Object.entries(runs) as [TriggerKind, string][]);
  }

  add(start: TriggeredStart): void {
    const lane = laneOf(start);
    const before = this.waiting.get(lane);
    this.waiting.set(lane, before ? together(before, start) : start);
  }

  get hasReady(): boolean {
    for (const lane of this.waiting.keys()) if (!this.blocked.has(lane)) return true;
    return false;
  }

  /**
   * Takes some that may be tried now.
   * @param room what they may take as JSON, in bytes, since one activity is given all of them; the first may take more
   */
  take(room = Number.POSITIVE_INFINITY): TriggeredStart[] {
    const kinds = new Set<TriggerKind>();
    let left = room;
    for (const [lane, start] of this.waiting) {
      if (this.tried.size === AT_ONCE) break;
      if (this.blocked.has(lane)) continue;
      // Runs without a partition follow each other, but for deliveries, which have nothing to do with each other.
      const follows = start.partition === null && start.kind !== 'webhook';
      if (follows && kinds.has(start.kind)) continue;
      left -= jsonBytes(start);
      if (left < 0 && this.tried.size > 0) break;
      kinds.add(start.kind);
      this.waiting.delete(lane);
      const run = follows ? this.runs.get(start.kind) : undefined;
      this.tried.set(lane, { ...start, ...(run !== undefined && { after: run }) });
    }
    return [...this.tried.values()];
  }

  /** Takes what became of those that were tried. Gives the runs that have to end before others. */
  settle(attempts: readonly StartAttempt[]): void {
    for (const [lane, start] of this.tried) {
      const attempt = attempts.find(({ key }) => key === start.key);
      if (!attempt || attempt.blockedBy !== null) {
        const later = this.waiting.get(lane);
        this.waiting.set(lane, later ? together(start, later) : start);
        if (attempt?.blockedBy) this.blocked.set(lane, attempt.blockedBy);
      } else if (attempt.workflowId !== null && start.partition === null) this.runs.set(start.kind, attempt.workflowId);
    }
    this.tried.clear();
  }

  /** The runs that others wait for. */
  blockers(): string[] {
    return [...new Set(this.blocked.values())];
  }

  unblock(workflowId: string): void {
    for (const [lane, blocker] of this.blocked) if (blocker === workflowId) this.blocked.delete(lane);
  }

  files(): ArrivedFile[] {
    return [...this.waiting.values(), ...this.tried.values()].flatMap(({ files = [] }) => files);
  }

  /** Gives up the latest of those that wait, until what is left takes no more than so many bytes as JSON. */
  dropBeyond(room: number): TriggeredStart[] {
    let left = room - jsonBytes([]);
    const dropped: TriggeredStart[] = [];
    for (const [lane, start] of this.waiting) {
      left -= jsonBytes([lane, start]) + 1;
      if (left >= 0) continue;
      this.waiting.delete(lane);
      dropped.push(start);
    }
    return dropped;
  }

  carry(): Pick<TriggerCarried, 'starts' | 'runs'> {
    return { starts: [...this.waiting], runs: Object.fromEntries(this.runs) };
  }
}

function laneOf({ kind, partition, key, inputs }: TriggeredStart): string {
  if (kind === 'webhook') return key;
  // Each answer is a run of its own.
  return kind === 'sql' ? `sql/${inputs[0] ?? ''}` : `${kind}/${partition ?? ''}`;
}

/** Two starts of one run as one. Neither has happened. */
function together(first: TriggeredStart, second: TriggeredStart): TriggeredStart {
  const files = new Map([...(first.files ?? []), ...(second.files ?? [])].map((file) => [file.path, file]));
  return {
    ...first,
    params: joined(first.params, second.params),
    inputs: [...new Set([...first.inputs, ...second.inputs])].slice(-AT_ONCE),
    ...(files.size > 0 && { files: [...files.values()] }),
  };
}

function joined(first: TriggeredStart['params'], second: TriggeredStart['params']): TriggeredStart['params'] {
  const both = Object.entries(second).map(([name, value]) => {
    const before = first[name];
    return [name, Array.isArray(before) && Array.isArray(value) ? [...new Set([...before, ...value])] : value];
  });
  return { ...first, ...Object.fromEntries(both) };
}
