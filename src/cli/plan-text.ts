import { filterToSql } from '../core/filter.js';
import { count, size } from '../dev/text-format.js';
import type { Plan, PlannedRead, PlannedStep, PlannedWrite } from '../plan/plan.js';
import { wrap } from './program/add.js';

const WIDTH = 80;
/** Columns and files that are named; the rest is counted. `--json` has them all. */
const MAX_NAMED = 12;
const LABEL = 13;

/** A plan as people read it, in 80 columns. */
export function planText({ pipeline, params, steps, end }: Plan): string {
  const given = Object.entries(params).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const head = [pipeline, ...(given.length > 0 ? [`with ${given.join(', ')}`] : [])].join(' ');
  const stages = [...new Set(steps.map(({ stage }) => stage))].map((stage) =>
    stageText(
      stage,
      steps.filter((step) => step.stage === stage),
    ),
  );
  const last =
    end.kind === 'complete'
      ? 'Nothing was read but metadata, and nothing was written.'
      : end.kind === 'fails'
        ? `The run would fail: ${end.message}`
        : end.message;
  return [wrap(head, WIDTH), ...stages, wrap(last, WIDTH)].join('\n\n');
}

function stageText(stage: number, steps: readonly PlannedStep[]): string {
  const head = steps.length > 1 ? `Stage ${stage}: ${steps.length} steps side by side` : `Stage ${stage}`;
  return [head, ...steps.map(stepText)].join('\n');
}

function stepText(step: PlannedStep): string {
  const { kind, summary, reads, writes, columns, notes } = step;
  const lines = [
    ...(reads ? readLines(reads) : []),
    ...(columns === undefined
      ? []
      : [['columns', columns === null ? 'known only when it is read' : listed(columns.map(typed))] as const]),
    ...(writes ? writeLines(writes) : []),
    ...notes.map(({ severity, code, message }) => [severity, `${message} [${code}]`] as const),
  ];
  return [hanging(`  ${kind} ${summary}`, 4), ...lines.map(([label, text]) => labelled(label, text))].join('\n');
}

type Line = readonly [label: string, text: string];

function readLines({ files, rows, isEstimate, bytes, where, range, from }: PlannedRead): Line[] {
  const rowsText = rows === null ? [] : [`${isEstimate ? 'about ' : ''}${count(rows)} rows`];
  const sizes = [...rowsText, ...(bytes === null ? [] : [size(bytes)])].join(', ');
  const what =
    files === undefined ? from : files.length === 1 ? (files[0]?.name ?? '') : `${count(files.length)} files by ${from}`;
  const begins = range && (range.from === null ? 'the beginning' : range.from);
  return [
    ['reads', [what, sizes].filter((text) => text !== '').join(': ')],
    ...(files && files.length > 1
      ? [['files', listed(files.map(({ name, bytes: each }) => `${name} ${size(each)}`))] as const]
      : []),
    ...(where ? [['where', filterToSql(where)] as const] : []),
    ...(range ? [['range', `${range.column} from ${begins} to its largest value then`] as const] : []),
  ];
}

function writeLines({ target, mode, key, partition, exists, columns, changes }: PlannedWrite): Line[] {
  const how = [
    mode,
    ...(key.length > 0 ? [`by ${key.join(', ')}`] : []),
    ...(partition && Object.keys(partition).length > 0
      ? [
          `of ${Object.entries(partition)
            .map(([column, value]) => `${column} = ${String(value)}`)
            .join(', ')}`,
        ]
      : []),
  ].join(' ');
  const state = exists === null ? 'not known whether it is there' : exists ? 'is there' : 'would be made';
  return [
    ['writes', `${target} (${how}): ${state}`],
    ...(columns ? [[exists === true ? 'it has' : 'made with', listed(columns.map(typed))] as const] : []),
    ...changes.map(({ change, column, from, to }) => {
      const types = [from, to].filter((type) => type !== undefined).join(' to ');
      return [change, types === '' ? column : `${column} ${types}`] as const;
    }),
  ];
}

function typed({ name, type }: { readonly name: string; readonly type: string }): string {
  return `${name} ${type}`;
}

function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  // No break within one, as between a column and its type.
  const shown = texts.slice(0, more > 1 ? MAX_NAMED : undefined).map((text) => text.replaceAll(' ', NO_BREAK));
  return [...shown, ...(more > 1 ? [`and${NO_BREAK}${more}${NO_BREAK}more`] : [])].join(', ');
}

const NO_BREAK = '\u00a0';

function labelled(label: string, text: string): string {
  const lines = text.split('\n').flatMap((line) => wrap(line, WIDTH - LABEL).split('\n'));
  const [first = '', ...others] = lines.map((line) => line.replaceAll(NO_BREAK, ' '));
  return [`    ${label}`.padEnd(LABEL) + first, ...others.map((line) => `${' '.repeat(LABEL)}${line}`)].join('\n');
}

function hanging(text: string, indent: number): string {
  const begin = text.length - text.trimStart().length;
  const [first = '', ...others] = wrap(text.trim(), WIDTH - indent).split('\n');
  return [`${' '.repeat(begin)}${first}`, ...others.map((line) => `${' '.repeat(indent)}${line}`)].join('\n');
}
