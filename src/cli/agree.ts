import { createInterface } from 'node:readline/promises';
import { TerminalError } from '../core/errors.js';

/**
 * Asks at a terminal whether to go on; elsewhere somebody must have agreed before.
 *
 * @param what what would be done, as a sentence without its full stop
 * @throws TerminalError COMMAND_INVALID when nobody has agreed; nothing was done then
 */
export async function agree(what: string, yes: boolean): Promise<void> {
  if (yes) return;
  const asks = process.stdin.isTTY && process.stdout.isTTY;
  if (asks && (await isAgreed(`${what}. Go on? [y/N] `))) return;
  throw new TerminalError('COMMAND_INVALID', `${what}. Nothing was done. Add --yes to agree to it.`);
}

async function isAgreed(question: string): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await prompt.question(question)).trim());
  } finally {
    prompt.close();
  }
}
