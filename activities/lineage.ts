import type { StepInput } from '../src/catalog/index.js';
import type { DatasetRef } from '../src/core/dataset.js';
import type { ManifestParent } from '../src/core/manifest.js';

/** A dataset as the parent of another, for manifests. */
export function parentOf(reference: DatasetRef): ManifestParent {
  return { name: reference.name, uri: reference.uri, content: reference.content };
}

/** A dataset as the input of a step, for the catalog. */
export function inputFact(reference: DatasetRef): StepInput {
  return { name: reference.name, uri: reference.uri, content: reference.content };
}
