import type { Contract } from '../config/contract.js';
import type { LoadedProject } from '../config/load.js';
import { contractColumns } from '../contracts/columns.js';
import { compile } from '../contracts/compile.js';
import { zodCost } from '../contracts/zod-cost.js';

/** What is not wrong with the project's contracts, but slower than it might be: the parts that zod has to judge. */
export function contractNotes(project: LoadedProject): string[] {
  return Object.entries(project.config.contracts).flatMap(([name, contract]) => {
    try {
      return notesOf(name, contract);
    } catch {
      // What cannot be compiled at all is a problem, and told as such.
      return [];
    }
  });
}

function notesOf(name: string, contract: Contract): string[] {
  const columns = contractColumns(contract);
  const typed = compile(contract, columns, false);
  const text = compile(
    contract,
    columns.map((column) => ({ ...column, type: 'VARCHAR' })),
    true,
  );
  const more = text.uncompiled.filter((reason) => !typed.uncompiled.includes(reason));
  const note = zodCost(typed, name);
  if (note !== undefined) return [more.length === 0 ? note : `${note} From CSV files also: ${more.join('; ')}.`];
  const ofText = zodCost(text, name);
  return ofText === undefined ? [] : [`${ofText} This holds for CSV files; typed columns are judged by SQL alone.`];
}
