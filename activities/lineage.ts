import type { StepInput } from '../src/catalog/index.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { ManifestParent } from '../src/core/manifest.js';
import { tableUri, type TableInput, type TableVersion } from '../src/core/table.js';

/** A dataset as the parent of another, for manifests. */
export function parentOf(reference: DatasetRef): ManifestParent {
  return { name: reference.name, uri: reference.uri, content: reference.content };
}

/** A dataset as the input of a step, for the catalog. */
export function inputFact(reference: DatasetRef): StepInput {
  return { name: reference.name, uri: reference.uri, content: reference.content };
}

/** A table as the input of a step. The load that the step waited for is named too, where another one has come after it. */
export function tableFacts({ target, loadId, content }: TableVersion, given: TableInput | undefined): StepInput[] {
  const found = { name: target, uri: tableUri(target, loadId), content };
  if (given?.loadId === undefined || given.loadId === loadId) return [found];
  return [found, { name: target, uri: tableUri(target, given.loadId), content: '' }];
}
