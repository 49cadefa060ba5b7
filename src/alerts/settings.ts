/** Milliseconds since 1970. */
export type Clock = () => number;

export interface AlertLog {
  info(message: string, meta?: Record<string, unknown>): void;
  warn(message: string, meta?: Record<string, unknown>): void;
}
