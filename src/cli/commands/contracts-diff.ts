import type { Catalog, ContractVersionRow } from '../../catalog/index.js';
import type { LoadedProject } from '../../config/load.js';
import { contractHash } from '../../contracts/hash.js';
import { diffContracts, type ContractChange } from '../../contracts/versions/diff.js';
import { TerminalError } from '../../core/errors.js';
import { suggestName } from '../../core/near-name.js';
import { parseRunAddress } from '../../temporal/run-id.js';
import { columns } from '../columns.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { withCatalog } from '../services.js';
import { transformsOf } from './contracts.js';

export interface DiffOptions {
  readonly against?: string;
  readonly failOnBreaking?: true;
}

/** What differs between a recorded version of a contract and the config's. */
interface ContractDiff {
  readonly name: string;
  /** `null` where no version was recorded, or the config has the contract no longer. */
  readonly from: string | null;
  readonly to: string | null;
  readonly breaking: boolean;
  readonly changes: readonly ContractChange[];
  readonly pipelines: readonly string[];
  readonly transforms: readonly string[];
  readonly targets: readonly string[];
}

/**
 * Tells what changed between the version of a contract that a run used and the config's.
 *
 * @throws TerminalError CONTRACT_UNKNOWN, RUN_UNKNOWN
 */
export function diff(
  { output, directory }: CommandContext,
  name: string | undefined,
  { against, failOnBreaking }: DiffOptions,
): Promise<number> {
  return withCatalog(directory, async (catalog, project) => {
    const bases = await basesOf(catalog, project, name, against);
    const diffs = await Promise.all(bases.map((base) => diffOne(catalog, project, base)));
    for (const each of diffs) output.data(each);
    for (const each of diffs) output.text(diffText(each));
    if (diffs.length === 0) output.text('No contract of the project was used by a run yet.');
    const breaks = diffs.some(({ breaking }) => breaking);
    return breaks && failOnBreaking ? EXIT.failed : EXIT.ok;
  });
}

/** A contract's name, and the version it is held against. */
interface Base {
  readonly name: string;
  readonly version: ContractVersionRow | undefined;
}

async function basesOf(
  catalog: Catalog,
  { config }: LoadedProject,
  name: string | undefined,
  against: string | undefined,
): Promise<Base[]> {
  const versions = await catalog.listContractVersions();
  const recorded = [...new Set(versions.map((version) => version.name))];
  const known = [...new Set([...Object.keys(config.contracts), ...recorded])].filter((each) => each !== '');
  if (name !== undefined && !known.includes(name)) {
    throw new TerminalError(
      'CONTRACT_UNKNOWN',
      `Neither the config nor the catalog has a contract "${name}". ${suggestName(name, known)}`,
    );
  }
  const wanted = name === undefined ? known : [name];
  const latest = (each: string) => versions.find((version) => version.name === each);
  if (against === undefined)
    return wanted.map((each) => ({ name: each, version: latest(each) })).filter((base) => name !== undefined || base.version);
  const byHash = /^[0-9a-f]{6,64}$/.test(against)
    ? versions.filter((version) => wanted.includes(version.name) && version.hash.startsWith(against))
    : [];
  if (byHash.length > 0) return byHash.map((version) => ({ name: version.name, version }));
  const { workflowId, runId } = parseRunAddress(against);
  const run = await catalog.findRun(workflowId, runId);
  if (!run) {
    throw new TerminalError(
      'RUN_UNKNOWN',
      `"${against}" is neither the beginning of a recorded version's hash (6 characters or more) nor a run that the catalog ${catalog.name} knows. \`millrace contracts\` lists the versions, \`millrace runs\` the runs.`,
    );
  }
  const used = await catalog.contractsOfRun(run);
  const bases = versions.filter((version) => wanted.includes(version.name) && used.get(version.name) === version.hash);
  if (bases.length > 0) return bases.map((version) => ({ name: version.name, version }));
  throw new TerminalError(
    'CONTRACT_UNKNOWN',
    `The run ${run.workflowId} used ${name === undefined ? 'no contract' : `no contract "${name}"`}. It used: ${[...used.keys()].join(', ') || 'none'}.`,
  );
}

async function diffOne(catalog: Catalog, { config }: LoadedProject, { name, version }: Base): Promise<ContractDiff> {
  const contract = Object.hasOwn(config.contracts, name) ? config.contracts[name] : undefined;
  const now = contract && contractHash(contract);
  const gone: ContractChange = { kind: 'removed', path: '', breaking: true, text: 'the config has it no longer' };
  const changes = !version
    ? []
    : !now
      ? [gone]
      : now.hash === version.hash
        ? []
        : diffContracts(version.definition, now.definition);
  return {
    name,
    from: version?.hash ?? null,
    to: now?.hash ?? null,
    breaking: changes.some(({ breaking }) => breaking),
    changes,
    transforms: transformsOf(config, name),
    ...(await catalog.contractUses(name)),
  };
}

function diffText({ name, from, to, breaking, changes, pipelines, transforms, targets }: ContractDiff): string {
  if (from === null) return `${name}: no run has used it yet.`;
  const versions = `${from.slice(0, 12)} → ${to?.slice(0, 12) ?? 'none'}`;
  if (from === to) return `${name}: unchanged (${from.slice(0, 12)}).`;
  const rows = changes.map((change) => [
    change.breaking ? 'breaking' : '',
    change.kind,
    `${change.path === '' ? '' : `${change.path} `}${change.text}`,
  ]);
  const uses = [
    ['pipelines', pipelines],
    ['transforms', transforms],
    ['targets', targets],
  ] as const;
  const used = uses.filter(([, names]) => names.length > 0).map(([kind, names]) => `  ${kind}: ${names.join(', ')}`);
  const head = `${name}: ${breaking ? 'breaking changes' : 'no breaking change'} (${versions})`;
  return [head, columns(rows, 0), ...(breaking && used.length > 0 ? ['  It is used by', ...used] : []), ''].join('\n');
}
