import type { Operations, ResultOf } from '../../api/index.js';
import { count, plainTable, size } from '../../dev/text-format.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { listPages } from '../list-pages.js';
import { describeReason } from '../run-text.js';
import { withOperations } from '../services.js';
import { shortTime } from '../short-time.js';

export interface DatasetsOptions {
  readonly name?: string;
  readonly contract?: string;
  readonly pipeline?: string;
  readonly limit: number;
}

type Summary = ResultOf<'listDatasets'>['items'][number];
type Dataset = ResultOf<'getDataset'>;

/** Lists datasets, or shows one. @throws TerminalError DATASET_UNKNOWN, PIPELINE_UNKNOWN */
export async function datasets(context: CommandContext, uri: string | undefined, options: DatasetsOptions): Promise<number> {
  const { output } = context;
  const ask = <T>(work: (operations: Operations) => Promise<T>): Promise<T> =>
    withOperations(context, work, { withCatalogOnly: true });
  if (uri !== undefined) {
    const dataset = await ask(({ getDataset }) => getDataset({ dataset: uri }));
    output.data(dataset);
    output.text(datasetText(dataset));
    return EXIT.ok;
  }
  const listed = await ask((operations) => list(operations, options));
  for (const dataset of listed) output.data(dataset);
  output.text(listed.length === 0 ? 'No datasets.' : listText(listed));
  return EXIT.ok;
}

function list({ listDatasets }: Operations, { name, contract, pipeline, limit }: DatasetsOptions): Promise<Summary[]> {
  return listPages((page) => listDatasets({ name, contract, pipeline, ...page }), limit);
}

function listText(listed: readonly Summary[]): string {
  const cells = listed.map(({ name, contract, createdAt, uri, rows, bytes }) => [
    name,
    contract ?? '',
    shortTime(createdAt),
    uri,
    count(rows),
    size(bytes),
  ]);
  return plainTable(['dataset', 'contract', 'made (UTC)', 'uri', 'rows', 'bytes'], cells, 4);
}

function datasetText(dataset: Dataset): string {
  const { name, uri, content, contract, rows, bytes, reproducible, createdAt, parents, children, quality, loads } = dataset;
  const facts = [
    ['uri', uri],
    ['made', `${shortTime(createdAt)} UTC`],
    ['rows', count(rows)],
    ['bytes', size(bytes)],
    ['contract', contract ?? ''],
    ['content', `${content}${reproducible ? '' : ', not reproducible'}`],
    ['made from', parents.map((each) => each.name).join(', ')],
    ['made of it', children.map((each) => each.name).join(', ')],
    ['judged', quality && `${count(quality.rowsRead)} rows, of which ${count(quality.rejected)} were rejected`],
  ].flatMap(([fact, value]) => (value ? [[`  ${fact}`, value]] : []));
  const parts = [name, columns(facts, 2)];
  const types = dataset.columns.map((column) => [column.name, column.type, column.nullable ? 'may be null' : '']);
  parts.push(plainTable(['column', 'type', ''], types, 3));
  if (quality && quality.reasons.length > 0) {
    parts.push(
      columns(
        quality.reasons.map((reason) => [count(reason.rows), describeReason(reason)]),
        0,
      ),
    );
  }
  const loaded = loads.map((load) => [load.target, load.mode, shortTime(load.loadedAt), load.workflowId, count(load.rows)]);
  if (loaded.length > 0) parts.push(plainTable(['loaded into', 'mode', 'when (UTC)', 'by', 'rows'], loaded, 4));
  return parts.join('\n\n');
}
