import { messageOf } from '../core/errors.js';
import { suggestName } from '../core/near-name.js';
import { admissible } from './parameters.js';
import type { PipelineConfig, Project } from './project.js';
import type { TriggersConfig } from './trigger.js';
import { connectionOf } from './trigger-settings.js';

/** Something about triggers, at a path of the config's value. */
interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

type Triggered = PipelineConfig & { readonly triggers: TriggersConfig };
type Polled = 'files' | 'sql';

/** Which kinds of connections can be looked into for what. */
const ANSWERING: Readonly<Record<Polled, { readonly kinds: readonly string[]; readonly what: string }>> = {
  files: { kinds: ['files'], what: 'holds no files' },
  sql: { kinds: ['postgres'], what: 'answers no SQL' },
};

function triggered(config: Project): (readonly [string, Triggered])[] {
  return Object.entries(config.pipelines).filter((entry): entry is [string, Triggered] => entry[1].triggers !== undefined);
}

/** What is wrong with triggers, beyond their shape: what is not there, and what the pipeline would refuse. */
export function triggerFindings(config: Project): Finding[] {
  return triggered(config).flatMap(([name, pipeline]) => {
    const at = ['pipelines', name, 'triggers'];
    const wrong = [
      ...datasetFindings(config, [...at, 'after'], pipeline.triggers.after ?? []),
      ...polledFindings(config, at, 'files', pipeline),
      ...polledFindings(config, at, 'sql', pipeline),
      ...paramFindings(at, pipeline),
    ];
    return wrong.length > 0 ? wrong : refusals(config, at, name, pipeline);
  });
}

/** What is allowed, and hardly what was meant. */
export function triggerDoubts(config: Project): Finding[] {
  return triggered(config).flatMap(([name, { triggers }]) =>
    typeof triggers.webhook?.secret === 'string'
      ? [
          {
            path: ['pipelines', name, 'triggers', 'webhook', 'secret'],
            text: "The secret stands in the config, for everybody who can read it. Write env('…'), and set the variable where the service runs.",
          },
        ]
      : [],
  );
}

function datasetFindings(config: Project, at: readonly PropertyKey[], datasets: readonly string[]): Finding[] {
  return datasets.flatMap((dataset, index) => {
    const path = [...at, index];
    if (datasets.indexOf(dataset) < index) return [{ path, text: `"${dataset}" is named twice. Leave it out here.` }];
    const known = Object.keys(config.connections);
    const connection = connectionOf(dataset);
    return known.includes(connection) ? [] : [{ path, text: noConnection(connection, known) }];
  });
}

function polledFindings(config: Project, at: readonly PropertyKey[], kind: Polled, pipeline: Triggered): Finding[] {
  const watch = pipeline.triggers[kind];
  if (!watch) return [];
  const known = Object.keys(config.connections);
  const connection = config.connections[watch.connection];
  const path = [...at, kind, 'connection'];
  if (!connection) return [{ path, text: noConnection(watch.connection, known) }];
  const { kinds, what } = ANSWERING[kind];
  if (!kinds.includes(connection.kind)) {
    return [
      { path, text: `Connection "${watch.connection}" (${connection.kind}) ${what}. Name one of kind ${kinds.join(', ')}.` },
    ];
  }
  return parameterFindings([...at, kind, 'parameter'], kind, watch.parameter, pipeline);
}

function parameterFindings(
  path: readonly PropertyKey[],
  kind: Polled,
  parameter: string | undefined,
  { params, partition }: Triggered,
): Finding[] {
  if (parameter === undefined) return [];
  if (partition && kind === 'sql') {
    return [{ path, text: `The answer names the partition, which is "${partition.parameter}". Leave this out.` }];
  }
  if (parameter === partition?.parameter) {
    return [{ path, text: `"${parameter}" is the partition, which the path of a file names. Give the paths another parameter.` }];
  }
  const known = Object.keys(params.shape);
  return known.includes(parameter) ? [] : [{ path, text: `params has no "${parameter}". ${suggestName(parameter, known)}` }];
}

function paramFindings(at: readonly PropertyKey[], { params, partition, triggers }: Triggered): Finding[] {
  const known = Object.keys(params.shape);
  return Object.keys(triggers.params ?? {}).flatMap((name) => {
    const path = [...at, 'params', name];
    if (name === partition?.parameter) {
      return [{ path, text: `"${name}" is the partition, which follows from what starts the run. Leave it out.` }];
    }
    return known.includes(name) ? [] : [{ path, text: `params has no "${name}". ${suggestName(name, known)}` }];
  });
}

/** Each kind's start as the pipeline would see it; what a webhook brings, nobody knows before. */
function refusals(config: Project, at: readonly PropertyKey[], name: string, { partition, triggers }: Triggered): Finding[] {
  const { after, files, sql, params } = triggers;
  const samples = [
    after && { kind: 'after', given: {} },
    files && { kind: 'files', given: files.parameter === undefined ? {} : { [files.parameter]: ['file'] } },
    sql && { kind: 'sql', given: sql.parameter === undefined ? {} : { [sql.parameter]: 'true' } },
  ];
  return samples.flatMap((sample) => {
    if (!sample) return [];
    try {
      admissible(config.pipelines, name, {
        ...params,
        ...sample.given,
        ...(partition && { [partition.parameter]: partition.from }),
      });
      return [];
    } catch (error) {
      return [{ path: [...at, sample.kind], text: `Its runs would be refused: ${messageOf(error)}` }];
    }
  });
}

function noConnection(name: string, known: readonly string[]): string {
  return `There is no connection "${name}". ${suggestName(name, known)}`;
}
