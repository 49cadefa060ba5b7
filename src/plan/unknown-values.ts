/** What only a run knows of a step's result. */
const UNKNOWN_FACTS: ReadonlySet<string> = new Set(
  'rows bytes content schema parents replaced alreadyDone created watermark deleted changes changesLeftOut upTo withoutCursor passed failed warnings approvedBy expired'.split(
    ' ',
  ),
);

function textOf(values: readonly unknown[]): string {
  try {
    return JSON.stringify(values, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  } catch {
    // What goes in a circle could not be a run's result either.
    return '';
  }
}

/** Thrown into a pipeline that works with a value that nobody knows. */
class UnknownValue extends Error {}

/**
 * Keeps watch over values that only a run would know. A pipeline may log them and return them; the plan ends where it does
 * something else with one, since what it would do then depends on it.
 */
export class UnknownValues {
  /** Values that were looked at, and not yet seen to be harmless. */
  private readonly open = new Map<string, string>();
  /** Resolves with what the plan ends at. */
  readonly stopped: Promise<string>;
  #stop: (what: string) => void = () => undefined;
  #isStopped = false;

  constructor() {
    this.stopped = new Promise((resolve) => (this.#stop = resolve));
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A step's result, whose unknown facts are watched. @param of the step's name */
  watch<T extends object>(result: T, of: string): T {
    return new Proxy(result, {
      get: (target, key, receiver): unknown => {
        if (typeof key === 'string' && UNKNOWN_FACTS.has(key)) return this.look(`${key} of ${of}`);
        const value: unknown = Reflect.get(target, key, receiver);
        return key === 'range' && typeof value === 'object' && value !== null ? this.watch(value, `range of ${of}`) : value;
      },
    });
  }

  /** To be called before a step begins, and at the end: ends the plan if the pipeline has looked at a value and kept it. */
  settle(): void {
    const [what] = this.open.values();
    if (what !== undefined) this.stop(what);
  }

  /** Told of what was logged or returned: values in it decide nothing. */
  release(...texts: readonly unknown[]): void {
    const written = textOf(texts);
    for (const token of this.open.keys()) if (written.includes(token)) this.open.delete(token);
  }

  private stop(what: string): void {
    this.#isStopped = true;
    this.#stop(what);
  }

  private look(what: string): unknown {
    const token = `‹${what}›`;
    this.open.set(token, what);
    const refuse = (): never => {
      this.stop(what);
      throw new UnknownValue(`The plan does not know the ${what}.`);
    };
    return new Proxy(
      {},
      {
        get: (_, key): unknown => {
          if (key === Symbol.toPrimitive) return (hint: string) => (hint === 'string' ? token : refuse());
          if (key === 'toJSON' || key === 'toString' || key === 'toLocaleString') return () => token;
          // A promise is asked whether it is one.
          return key === 'then' || typeof key === 'symbol' ? undefined : refuse();
        },
      },
    );
  }
}
