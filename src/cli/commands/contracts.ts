import { contractHash } from '../../contracts/hash.js';
import type { Project } from '../../config/project.js';
import { plainTable } from '../../dev/text-format.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withCatalog } from '../services.js';

/** Lists the contracts of the project: versions, columns, and who uses them. */
export function contracts({ output, directory }: CommandContext): Promise<number> {
  return withCatalog(directory, async (catalog, { config }) => {
    const versions = await catalog.listContractVersions();
    const listed = await Promise.all(
      Object.entries(config.contracts).map(async ([name, contract]) => {
        const { hash } = contractHash(contract);
        const uses = await catalog.contractUses(name);
        const recorded = versions.find((version) => version.name === name);
        return {
          name,
          hash,
          columns: Object.keys(contract.schema.shape),
          key: contract.key,
          /** Whether it is the version that a run used last; `null` when none did. */
          isRecorded: recorded ? recorded.hash === hash : null,
          transforms: transformsOf(config, name),
          ...uses,
        };
      }),
    );
    for (const each of listed) output.data(each);
    const rows = listed.map((each) => [
      each.name,
      each.hash.slice(0, 12),
      each.isRecorded === null ? 'new' : each.isRecorded ? 'as recorded' : 'changed',
      String(each.columns.length),
      each.pipelines.join(', ') || '-',
      each.transforms.join(', ') || '-',
      each.targets.join(', ') || '-',
    ]);
    if (rows.length === 0) output.text('The project has no contracts.');
    else output.text(plainTable(['contract', 'version', 'state', 'columns', 'pipelines', 'transforms', 'targets'], rows, 2));
    return EXIT.ok;
  });
}

/** The transforms that name a contract as an input or their output. */
export function transformsOf({ contracts: known, transforms }: Project, name: string): string[] {
  const contract = known[name];
  return Object.entries(transforms)
    .filter(([, { inputs, output }]) => output === contract || Object.values(inputs).includes(contract as never))
    .map(([transform]) => transform);
}
