/** What a soak is asked for. */
export interface SoakOptions {
  /** 1 is the full size that is promised; a test runs the same at a small part of it. */
  readonly scale: number;
  /** What everything random is drawn from. */
  readonly seed: string;
  /** Told, line by line, how it goes. */
  readonly notice: (line: string) => void;
}

/** What a soak has found. */
export interface SoakReport {
  /** What was measured, in words with their units: `{ 'live attempts at most': 4 }`. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** What was promised and did not hold. None: it has passed. */
  readonly problems: readonly string[];
}

/** Much of one thing at once, on real servers of its own: what a test of its behaviour is too small to show. */
export interface Soak {
  /** One line for the list. */
  readonly about: string;
  run(options: SoakOptions): Promise<SoakReport>;
}
