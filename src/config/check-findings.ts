import { suggestName } from '../core/near-name.js';
import type { Contract } from './contract.js';
import type { DatasetCheck, NamedChecks } from './dataset-checks.js';
import type { Project } from './project.js';
import type { TransformInputs } from './transform-inputs.js';

/** Something wrong at a path of the config's value. */
interface Finding {
  readonly path: readonly PropertyKey[];
  readonly text: string;
}

/** The name by which the checks of a contract see its rows. */
export const CONTRACT_INPUT = 'dataset';

/** What the checks of contracts and check sets name that is not there. */
export function checkFindings(config: Project): Finding[] {
  const ofContracts = Object.entries(config.contracts).flatMap(([name, contract]) =>
    namesNotThere(['contracts', name, 'checks'], { [CONTRACT_INPUT]: contract }, contract.checks),
  );
  const ofSets = Object.entries(config.checks ?? {}).flatMap(([name, set]) => {
    const where = ['checks', name];
    if (Object.keys(set.inputs).length === 0) return [{ path: where, text: 'It has no inputs. Name what it judges.' }];
    if (Object.keys(set.checks).length === 0) return [{ path: where, text: 'It has no checks. Add some, or remove it.' }];
    return [...unlisted(config, where, set.inputs), ...namesNotThere([...where, 'checks'], set.inputs, set.checks)];
  });
  return [...ofContracts, ...ofSets];
}

function unlisted(config: Project, where: readonly string[], inputs: TransformInputs): Finding[] {
  return Object.entries(inputs)
    .filter(([, contract]) => !Object.values(config.contracts).includes(contract))
    .map(([input]) => ({
      path: [...where, 'inputs', input],
      text: 'Its contract is not listed under `contracts`, where workflows find it by name. Add it there.',
    }));
}

function namesNotThere(where: readonly string[], inputs: TransformInputs, named: NamedChecks): Finding[] {
  return Object.entries(named).flatMap(([name, check]) =>
    unknownNames(inputs, check).map((text) => ({ path: [...where, name], text })),
  );
}

/** What a check names that its inputs have not, a sentence each. */
export function unknownNames(inputs: TransformInputs, check: DatasetCheck): string[] {
  const known = Object.keys(inputs);
  const judged = check.of ?? known[0] ?? '';
  const used = [judged, ...(check.check === 'references' ? [check.input] : [])];
  const strange = used.filter((input) => !known.includes(input));
  if (strange.length > 0) return strange.map((input) => `There is no input "${input}". ${suggestName(input, known)}`);
  const own = missingColumns(inputs[judged], judged, columnsOf(check));
  const others = check.check === 'references' ? missingColumns(inputs[check.input], check.input, check.inputColumns) : [];
  return [...own, ...others];
}

/** The columns of its own input that a check names. */
function columnsOf(check: DatasetCheck): readonly string[] {
  if ('columns' in check) return check.columns;
  return 'column' in check ? [check.column] : [];
}

function missingColumns(contract: Contract | undefined, input: string, columns: readonly string[]): string[] {
  const { shape, catchall } = contract?.schema._zod.def ?? { shape: {}, catchall: undefined };
  // A contract that lets other columns through does not say which there are.
  if (catchall !== undefined && catchall._zod.def.type !== 'never') return [];
  const known = Object.keys(shape);
  return columns
    .filter((column) => !known.includes(column))
    .map((column) => `"${input}" has no column "${column}". ${suggestName(column, known)}`);
}
