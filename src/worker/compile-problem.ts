import { relativeTo } from '../config/import-failure.js';
import { locateImport } from '../config/locate.js';
import type { Place, Problem } from '../core/problems.js';

/** What the bundler says of a file, as far as it is needed. */
interface BundlerError {
  readonly message: string;
  readonly module?: unknown;
}

/** A bundler's error in one of the project's own files as a problem; `undefined` for what is wrong elsewhere. */
export function compileProblem(error: BundlerError, directory: string, own: ReadonlySet<string>): Problem | undefined {
  const file = (error.module as { readonly resource?: string } | null | undefined)?.resource;
  if (file === undefined || !own.has(file)) return undefined;
  const place = { file: relativeTo(directory, file) };
  const [, missing] = /Can't resolve '([^']+)'/.exec(error.message) ?? [];
  if (missing !== undefined) {
    const text = `It imports "${missing}", which is not there. Correct the path, or install the package.`;
    return invalid(text, { ...place, ...locateImport(file, missing) });
  }
  return syntaxProblem(error.message, place);
}

// The compiler draws the line with a frame around it: the message, `,-[file:2:1]`, the line, and carets below the place.
function syntaxProblem(message: string, place: Place): Problem {
  const [, text = 'it does not compile'] = /^(?:Error:)?\s*[x×]\s+(.+)$/m.exec(message) ?? [];
  const [, line] = /[,╭][-─]\[.*?:(\d+):\d+\]/.exec(message) ?? [];
  const column = columnOf(message, line);
  return invalid(`Syntax error: ${text.replace(/\.$/, '')}.`, { ...place, line: line ? Number(line) : undefined, column });
}

function columnOf(message: string, line: string | undefined): number | undefined {
  const lines = message.split('\n');
  const at = lines.findIndex((each) => new RegExp(`^\\s*${line} [|│] `).test(each));
  const [, margin, before] = /^(\s*[:·] )(\s*)[\^─┬]/.exec(lines[at + 1] ?? '') ?? [];
  return at === -1 || margin === undefined || before === undefined ? undefined : before.length + 1;
}

function invalid(message: string, place: Place): Problem {
  return { severity: 'error', code: 'WORKFLOW_INVALID', message, place };
}
