import type { z } from 'zod';
import { TerminalError } from '../core/errors.js';

/**
 * A connection's options, checked. The message names each wrong option and never shows a value, since values hold
 * passwords.
 *
 * @throws TerminalError CONFIG_INVALID
 */
export function parseOptions<S extends z.ZodType>(
  schema: S,
  kind: string,
  name: string,
  options: Readonly<Record<string, unknown>>,
): z.output<S> {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'options'}: ${issue.message}`);
  throw new TerminalError('CONFIG_INVALID', `The options of connection "${name}" (${kind}) do not fit. ${problems.join('; ')}.`);
}
