import { inspectProject } from '../../config/load.js';
import { problemLine } from '../../core/problems.js';
import { duration, plainTable } from '../../dev/text-format.js';
import { contractNotes } from '../../preflight/contract-notes.js';
import { checkState, preflight, type CheckName } from '../../preflight/preflight.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { problemReport } from '../../operations/problem-report.js';
import { tellCheck } from '../progress.js';

const WITHOUT_CONNECTIONS: readonly CheckName[] = ['types', 'pipelines', 'contracts', 'transforms'];

/** Looks for everything that is wrong with the project and starts nothing. The exit code is 0 or 2. */
export async function check(
  { output, directory }: CommandContext,
  { connections }: { readonly connections: boolean },
): Promise<number> {
  const inspected = await inspectProject(directory);
  const checks = connections ? undefined : WITHOUT_CONNECTIONS;
  const result = await preflight({ directory, inspected, checks, onCheck: output.json ? undefined : tellCheck });
  const errors = result.problems.filter(({ severity }) => severity === 'error').length;
  const notes =
    inspected.project && result.checks.some(({ name }) => name === 'contracts') ? contractNotes(inspected.project) : [];
  output.data({
    ok: errors === 0,
    checks: result.checks.map(({ name, durationMs, problems }) => ({ name, durationMs, problems: problems.length })),
    problems: result.problems.map(problemReport),
    notes,
  });
  const rows = result.checks.map((each) => [each.name, checkState(each), duration(each.durationMs)]);
  output.text(plainTable(['check', 'state', 'time'], rows, 2));
  for (const problem of result.problems) output.text(`\n${problem.severity}: ${problemLine(problem)}`);
  for (const note of notes) output.text(`\nnote: ${note}`);
  inspected.project?.warnings.forEach(output.warn);
  return errors === 0 ? EXIT.ok : EXIT.usage;
}
