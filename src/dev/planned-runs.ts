import { TerminalError } from '../core/errors.js';
import { partitionsBetween } from '../core/partitions.js';
import type { Project } from '../config/project.js';
import { canonicalRunId } from '../temporal/run-id.js';

/** One run that `millrace dev` starts. */
export interface PlannedRun {
  readonly workflowId: string;
  readonly pipeline: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly partition?: string;
  /** What people read: `flightDelays 2001-01`. */
  readonly title: string;
}

/**
 * The runs that `dev.runs` of a config asks for, each partition one. The workflow id of a partition's run is the same at
 * every start, so that a run that was interrupted goes on instead of being started twice.
 *
 * @throws TerminalError CONFIG_INVALID when an entry names an unknown pipeline, or partitions of one that has none
 */
export function plannedRuns(config: Project): PlannedRun[] {
  return (config.dev?.runs ?? []).flatMap((entry, index): PlannedRun[] => {
    const pipeline = config.pipelines[entry.pipeline];
    if (!pipeline) {
      const known = Object.keys(config.pipelines).join(', ');
      throw new TerminalError(
        'CONFIG_INVALID',
        `dev.runs[${index}] names the pipeline "${entry.pipeline}". The config has ${known}.`,
      );
    }
    const params = entry.params ?? {};
    if (!entry.partitions)
      return [{ workflowId: `${entry.pipeline}-dev-${index + 1}`, pipeline: entry.pipeline, params, title: entry.pipeline }];
    const { partition: partitioning } = pipeline;
    if (!partitioning) {
      throw new TerminalError(
        'CONFIG_INVALID',
        `dev.runs[${index}] lists partitions, but pipelines.${entry.pipeline} has none. Add \`partition\` there, or use \`params\` here.`,
      );
    }
    return partitionsBetween(...entry.partitions).map((partition) => {
      const all = { ...params, [partitioning.parameter]: partition };
      const workflowId = canonicalRunId(entry.pipeline, all, partitioning);
      return { workflowId, pipeline: entry.pipeline, params: all, partition, title: `${entry.pipeline} ${partition}` };
    });
  });
}
