import { loadProject } from '../../config/load.js';
import { planPipeline } from '../../plan/plan-pipeline.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { planText } from '../plan-text.js';

/**
 * Shows what a run of a pipeline would do. The exit code is 1 when it would fail.
 *
 * @throws TerminalError PIPELINE_UNKNOWN, PARAMETERS_INVALID
 */
export async function plan(
  { output, directory }: CommandContext,
  name: string,
  { params = {} }: { readonly params?: Readonly<Record<string, unknown>> },
): Promise<number> {
  const project = await loadProject(directory);
  const planned = await planPipeline(project, name, params);
  output.data(planned);
  output.text(planText(planned));
  project.warnings.forEach(output.warn);
  return planned.end.kind === 'fails' ? EXIT.failed : EXIT.ok;
}
