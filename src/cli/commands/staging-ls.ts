import { groupBy } from '../../core/group-by.js';
import type { DatasetUse, StagedDataset } from '../../core/staging-sweep.js';
import { age, count, plainTable, size } from '../../dev/text-format.js';
import { openStaging } from '../../engine/open-staging.js';
import type { StagedAttempt } from '../../engine/staging-inventory.js';
import { EXIT } from '../exit-codes.js';
import type { CommandContext } from '../command-context.js';
import { withCatalog } from '../services.js';

/** Lists the datasets of a project's staging folder with the runs that used them. */
export async function listStaging({ output, directory }: CommandContext): Promise<number> {
  return withCatalog(directory, async (catalog, { staging, engine }) => {
    const { inventory } = openStaging(staging, engine.spillDirectory);
    const [datasets, attempts, uses] = await Promise.all([inventory.datasets(), inventory.attempts(), catalog.listDatasetUses()]);
    const usesOf = groupBy(uses, ({ uri }) => uri);
    for (const dataset of datasets) output.data({ ...dataset, runs: (usesOf.get(dataset.uri) ?? []).map(runOf) });
    const bytes = [...datasets, ...attempts].reduce((sum, each) => sum + each.bytes, 0);
    output.data({
      event: 'total',
      root: staging.root,
      datasets: datasets.length,
      bytes,
      maxBytes: staging.maxBytes ?? null,
      attempts,
    });
    if (datasets.length > 0) {
      const head = ['dataset', 'rows', 'size', 'made', 'used', 'by', ''];
      output.text(
        plainTable(
          head,
          datasets.map((dataset) => cells(dataset, usesOf.get(dataset.uri) ?? [])),
          1,
        ),
      );
    }
    const limit = staging.maxBytes === undefined ? '' : ` of ${size(staging.maxBytes)} (staging.maxBytes)`;
    const some = datasets.length === 1 ? '1 dataset' : `${count(datasets.length)} datasets`;
    output.text(`${datasets.length > 0 ? '\n' : ''}${some}, ${size(bytes)}${limit} in ${staging.root}`);
    for (const attempt of attempts) output.text(attemptText(attempt));
    return EXIT.ok;
  });
}

function cells(
  { name, rows, bytes, createdAt, usedAt, rejectedRows, uri }: StagedDataset,
  uses: readonly DatasetUse[],
): string[] {
  const last = uses.toSorted((a, b) => a.at.localeCompare(b.at)).at(-1);
  const used = [usedAt, ...uses.map(({ at }) => at)].toSorted().at(-1) ?? usedAt;
  const by = last === undefined ? 'no known run' : `${last.workflowId} (${last.status})`;
  const others = uses.length > 1 ? ` and ${count(uses.length - 1)} more` : '';
  const rejected = rejectedRows > 0 ? `, ${count(rejectedRows)} rejected rows` : '';
  return [
    name,
    count(rows),
    size(bytes),
    age(Date.now() - Date.parse(createdAt)),
    age(Date.now() - Date.parse(used)),
    `${by}${others}${rejected}`,
    shortKey(uri),
  ];
}

/** Enough of a dataset's key to find its folder. */
export function shortKey(uri: string): string {
  return uri.split('/')[2]?.slice(0, 12) ?? uri;
}

function runOf({ workflowId, runId, status, at }: DatasetUse) {
  return { workflowId, runId, status, at };
}

function attemptText({ name, bytes, changedAt, dead }: StagedAttempt): string {
  const state = dead === undefined ? 'of another host' : dead ? 'of a process that is gone' : 'at work';
  return `Attempt ${name}: ${size(bytes)}, ${state}, changed ${age(Date.now() - Date.parse(changedAt))} ago`;
}
