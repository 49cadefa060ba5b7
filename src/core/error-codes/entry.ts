/** What a code means to the person who meets it. */
export interface ErrorCodeEntry {
  readonly cause: string;
  /** Whether a step that fails with it is tried again by itself. */
  readonly retryable: boolean;
  readonly remedy: string;
}
