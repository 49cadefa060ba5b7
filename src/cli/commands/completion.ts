import { COMPLETION_SCRIPTS, type Shell } from '../complete/scripts.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';

/** Prints the script that teaches a shell to complete `millrace`. */
export function completion({ output }: CommandContext, shell: Shell): Promise<number> {
  const script = COMPLETION_SCRIPTS[shell];
  output.data({ shell, script });
  output.text(script.trimEnd());
  return Promise.resolve(EXIT.ok);
}
