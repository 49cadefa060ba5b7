/** A line of the journal: an attempt of a step begins or ends. Times are milliseconds of the machine's monotonic clock. */
export type JournalLine =
  | {
      readonly what: 'begin';
      readonly at: number;
      readonly pid: number;
      readonly id: string;
      readonly workflowId: string;
      readonly runId: string;
      readonly attempt: number;
    }
  | { readonly what: 'end'; readonly at: number; readonly pid: number; readonly id: string };

/** When processes were seen to be gone. What they had begun and not ended lived until then, and no longer. */
export type Deaths = ReadonlyMap<number, number>;

/** What lived at once. */
export interface Liveness {
  readonly attempts: number;
  /** Attempts that ended with their process. */
  readonly cutOff: number;
  /** The most slots that attempts at work had together, at any moment. */
  readonly mostSlots: number;
  readonly mostAttempts: number;
  /** Moments at which there were more than the pool allows: who was at work. */
  readonly breaches: readonly string[];
}

interface Change {
  readonly at: number;
  readonly begins: boolean;
  readonly slots: number;
  readonly who: string;
}

/**
 * Reads from a journal how many attempts lived at once.
 *
 * @param weightOf how many slots a run's step has
 */
export function livenessOf(
  lines: readonly JournalLine[],
  deaths: Deaths,
  { allowed, weightOf }: { readonly allowed: number; readonly weightOf: (workflowId: string) => number },
): Liveness {
  const ends = new Map(lines.flatMap((line) => (line.what === 'end' ? [[line.id, line.at] as const] : [])));
  const begun = lines.filter((line) => line.what === 'begin');
  const changes = begun.flatMap((line): Change[] => {
    const end = ends.get(line.id) ?? deaths.get(line.pid) ?? Number.POSITIVE_INFINITY;
    const who = `${line.workflowId}@${line.runId} attempt ${line.attempt}`;
    const slots = weightOf(line.workflowId);
    return [
      { at: line.at, begins: true, slots, who },
      { at: end, begins: false, slots, who },
    ];
  });
  // One that ends at the moment at which another begins has ended before.
  changes.sort((a, b) => a.at - b.at || Number(a.begins) - Number(b.begins));
  const alive = new Map<string, number>();
  const breaches: string[] = [];
  let [mostSlots, mostAttempts] = [0, 0];
  for (const { begins, who, slots } of changes) {
    if (!begins) alive.delete(who);
    else {
      alive.set(who, slots);
      const together = [...alive.values()].reduce((sum, each) => sum + each, 0);
      mostSlots = Math.max(mostSlots, together);
      mostAttempts = Math.max(mostAttempts, alive.size);
      if (together > allowed) breaches.push([...alive.keys()].join(', '));
    }
  }
  const cutOff = begun.filter(({ id }) => !ends.has(id)).length;
  return { attempts: begun.length, cutOff, mostSlots, mostAttempts, breaches };
}
