/** A row of texts, as every statement of a check gives them. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What answers the statements of checks: DuckDB over datasets, or a database over what a load brings. */
export interface CheckEngine {
  /**
   * The rows of a SELECT, which names the inputs as tables.
   *
   * @param check the check's name, for messages
   * @throws TerminalError CHECK_INVALID
   */
  rows(check: string, sql: string): Promise<readonly TextRow[]>;
  /**
   * The rows of a SELECT around one that somebody wrote, which sees the inputs and nothing else.
   *
   * @param check the check's name, for messages
   * @param around gives the whole SELECT; what it is given stands in it once, in lines of its own
   * @throws TerminalError CHECK_INVALID
   */
  custom(check: string, sql: string, around: (written: string) => string): Promise<readonly TextRow[]>;
}
