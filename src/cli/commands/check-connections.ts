import { loadProject } from '../../config/load.js';
import { TerminalError } from '../../core/errors.js';
import { duration, plainTable } from '../../dev/text-format.js';
import { checkConnection } from '../../preflight/connections.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { errorReport } from '../../operations/error-report.js';
import type { CommandContext } from '../command-context.js';

const LIMIT_MS = 8_000;

/**
 * Connects to each connection, or to those named, and tells what answers. The exit code is 0 when all do.
 *
 * @throws TerminalError CONNECTION_UNKNOWN
 */
export async function checkConnections({ output, directory }: CommandContext, names: readonly string[]): Promise<number> {
  const project = await loadProject(directory);
  const known = Object.keys(project.config.connections);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new TerminalError(
      'CONNECTION_UNKNOWN',
      `The config has no connection "${unknown}". It has: ${known.join(', ') || 'none'}.`,
    );
  }
  const checked = await Promise.all((names.length > 0 ? names : known).map((name) => checkConnection(project, name, LIMIT_MS)));
  for (const { problem, ...connection } of checked) {
    const error = problem && errorReport(problem.code, problem.message);
    output.data({ ...connection, ok: !problem, error });
  }
  const cells = checked.map(({ name, kind, answer, problem, durationMs }) => [
    name,
    kind,
    problem ? 'failed' : 'ok',
    duration(durationMs),
    problem ? `${problem.message} [${problem.code}]` : String(answer),
  ]);
  output.text(plainTable(['connection', 'kind', 'state', 'time', ''], cells, 3));
  return Math.max(EXIT.ok, ...checked.map(({ problem }) => (problem ? exitCodeOf(problem.code) : EXIT.ok)));
}
