import type { Compilable, CompiledQuery, QueryResult } from 'kysely';
import { plainText } from './plain-text.js';
import type { CatalogSession } from './tables.js';

/** Stands for a value in a statement that is built before its values are known. */
class Blank {
  constructor(readonly name: string) {}
}

/** Fills the statement in and executes it; every value is there, `null` where it is none. */
export type FillIn<Row> = (db: CatalogSession, values: Row) => Promise<QueryResult<unknown>>;

/**
 * A statement that is built once for each open database and filled in each time, for what every run and step writes: to build
 * one takes longer than to run it. `build` sees blanks in place of the values of `names`, so it may put them into the statement
 * and do nothing else with them.
 */
export function filledIn<Row extends object>(
  names: readonly (keyof Row & string)[],
  build: (db: CatalogSession, blanks: Row) => Compilable,
): FillIn<Row> {
  const built = new WeakMap<object, CompiledQuery>();
  // What they claim to be is what will be in their place.
  const blanks = Object.fromEntries(names.map((name) => [name, new Blank(name)])) as Row;
  return (db, values) => {
    // A transaction has it from the database that it is of.
    const { adapter } = db.getExecutor();
    const statement = built.get(adapter) ?? build(db, blanks).compile();
    built.set(adapter, statement);
    const parameters = statement.parameters.map((parameter) =>
      parameter instanceof Blank ? plainText(values[parameter.name as keyof Row]) : parameter,
    );
    return db.executeQuery({ ...statement, parameters });
  };
}
