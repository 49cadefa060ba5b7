import { suggestName } from '../core/near-name.js';
import { BUILT_IN_PIPELINES } from './built-in-pipelines.js';
import type { Project } from './project.js';

/** Something about alerts, at a path of the config's value. */
interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** What the rules of alerts name that is not there, and promises that nobody can keep an eye on. */
export function alertFindings(config: Project): Finding[] {
  const channels = Object.keys(config.alerts?.channels ?? {});
  const pipelines = [...Object.keys(config.pipelines), ...Object.keys(BUILT_IN_PIPELINES)];
  const ofRules = (config.alerts?.rules ?? []).flatMap((rule, index) => [
    ...unknown(['alerts', 'rules', index, 'to'], 'channel', [rule.to].flat(), channels),
    ...unknown(['alerts', 'rules', index, 'pipelines'], 'pipeline', rule.pipelines ?? [], pipelines),
  ]);
  return [...ofRules, ...sloFindings(config)];
}

function unknown(path: readonly PropertyKey[], what: string, named: readonly string[], known: readonly string[]): Finding[] {
  return named
    .filter((each) => !known.includes(each))
    .map((each) => ({ path, text: `There is no ${what} "${each}". ${suggestName(each, known)}` }));
}

function sloFindings(config: Project): Finding[] {
  return Object.entries(config.pipelines).flatMap(([name, { slo, partition, schedule }]) => {
    if (slo?.finishBy === undefined || schedule || partition?.kind !== 'monthly') return [];
    const text = 'Of monthly partitions it cannot be told by which day they are to be there. Give the pipeline a `schedule`.';
    return [{ path: ['pipelines', name, 'slo', 'finishBy'], text }];
  });
}

/** What is allowed, and hardly what was meant. */
export function alertDoubts(config: Project): Finding[] {
  const { channels = {}, rules } = config.alerts ?? {};
  const promised = Object.entries(config.pipelines).filter(([, { slo }]) => slo !== undefined);
  const unheard =
    Object.keys(channels).length === 0 ? promised.map(([name]) => ({ path: ['pipelines', name, 'slo'], text: UNHEARD })) : [];
  const used = rules?.flatMap(({ to }) => to);
  const unused = used ? Object.keys(channels).filter((channel) => !used.includes(channel)) : [];
  return [
    ...unheard,
    ...unused.map((channel) => ({ path: ['alerts', 'channels', channel], text: 'No rule names it, so that it gets no alert.' })),
  ];
}

const UNHEARD =
  'Its breaches go to nobody: `alerts.channels` has no channel. They are seen with `millrace slo` and `millrace alerts list` only.';
