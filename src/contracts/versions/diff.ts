import { allowedBy, innerOf, type Allowed, type Bound, type Described } from './constraints.js';

/** One difference between two versions of a contract. */
export interface ContractChange {
  /**
   * `narrower` rejects rows that passed before, `wider` accepts more; `changed` may do either. `note` changes no verdict. What is
   * `required` was not there before.
   */
  readonly kind: 'narrower' | 'wider' | 'changed' | 'removed' | 'renamed' | 'added' | 'required' | 'key' | 'note';
  /** The column, with the path in it; empty for the whole row. */
  readonly path: string;
  readonly breaking: boolean;
  /** What differs, as people read it. */
  readonly text: string;
}

/** A contract's definition, as `contractHash` gives it. */
interface Definition {
  readonly zod: string;
  readonly columns: readonly string[];
  readonly schema: Described;
  readonly key: readonly string[];
  readonly rules: Readonly<Record<string, string>>;
}

/** What changed between two definitions of a contract, and whether it breaks those who rely on it. */
export function diffContracts(before: string, after: string): ContractChange[] {
  const [old, now] = [JSON.parse(before) as Definition, JSON.parse(after) as Definition];
  const changes = diffObjects(old.schema, now.schema, '');
  if (JSON.stringify(old.key) !== JSON.stringify(now.key)) {
    changes.push({ kind: 'key', path: '', breaking: true, text: `key was ${list(old.key)}, is ${list(now.key)}` });
  }
  changes.push(...diffRules(old.rules, now.rules));
  const note = (text: string): void => void changes.push({ kind: 'note', path: '', breaking: false, text });
  if (old.zod !== now.zod) note(`zod was ${old.zod}, is ${now.zod}`);
  if (JSON.stringify(old.columns) !== JSON.stringify(now.columns) && sameNames(old.columns, now.columns))
    note('columns are in another order');
  return changes;
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

function diffRules(old: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): ContractChange[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name): ContractChange[] => {
    const [before, after] = [old[name], now[name]];
    if (before === after) return [];
    if (before === undefined)
      return [{ kind: 'narrower', path: '', breaking: true, text: `rule "${name}" is new: ${after ?? ''}` }];
    if (after === undefined) return [{ kind: 'wider', path: '', breaking: false, text: `rule "${name}" is gone` }];
    return [{ kind: 'changed', path: '', breaking: true, text: `rule "${name}" was ${before}, is ${after}` }];
  });
}

function diffObjects(old: Described, now: Described, path: string): ContractChange[] {
  const [before, after] = [shapeOf(old), shapeOf(now)];
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const removed = Object.keys(before).filter((name) => !(name in after));
  const added = Object.keys(after).filter((name) => !(name in before));
  const changes: ContractChange[] = [];
  for (const name of removed) {
    const twins = added.filter((other) => JSON.stringify(after[other]) === JSON.stringify(before[name]));
    const [twin] = twins;
    if (
      twin !== undefined &&
      twins.length === 1 &&
      removed.filter((other) => JSON.stringify(before[other]) === JSON.stringify(before[name])).length === 1
    ) {
      added.splice(added.indexOf(twin), 1);
      changes.push({ kind: 'renamed', path: at(name), breaking: true, text: `is ${at(twin)} now` });
    } else changes.push({ kind: 'removed', path: at(name), breaking: true, text: 'is gone' });
  }
  for (const name of added) {
    const { isOptional, isNullable, kind } = allowedBy(after[name] as Described);
    const required = !isOptional;
    const text = `is new: ${kind}${isNullable ? ', may be null' : ''}${required ? ', and every source has to have it' : ', may be missing'}`;
    changes.push({ kind: required ? 'required' : 'added', path: at(name), breaking: required, text });
  }
  for (const [name, schema] of Object.entries(after))
    if (name in before) changes.push(...diffColumn(before[name] as Described, schema, at(name)));
  const [open, shut] = [unknownKeys(old), unknownKeys(now)];
  if (open !== shut) {
    const breaking = shut !== 'are left out' && shut !== 'are kept';
    changes.push({ kind: breaking ? 'narrower' : 'wider', path, breaking, text: `other columns ${open} before, ${shut} now` });
  }
  return changes;
}

function shapeOf(schema: Described): Readonly<Record<string, Described>> {
  return (schema['shape'] ?? {}) as Readonly<Record<string, Described>>;
}

function unknownKeys(schema: Described): string {
  const catchall = schema['catchall'] as Described | undefined;
  if (catchall === undefined) return 'are left out';
  return catchall['type'] === 'never' ? 'reject the row' : catchall['type'] === 'unknown' ? 'are kept' : 'are judged';
}

function diffColumn(old: Described, now: Described, path: string): ContractChange[] {
  if (JSON.stringify(old) === JSON.stringify(now)) return [];
  const [before, after] = [allowedBy(old), allowedBy(now)];
  const changes: ContractChange[] = [];
  const add = (kind: ContractChange['kind'], text: string): void =>
    void changes.push({ kind, path, breaking: kind !== 'wider' && kind !== 'note', text });
  if (before.kind !== after.kind) {
    // An integer is a number, and what a column holds goes on fitting.
    add(
      before.kind === 'int' && after.kind === 'number'
        ? 'wider'
        : after.kind === 'int' && before.kind === 'number'
          ? 'narrower'
          : 'changed',
      `was ${before.kind}, is ${after.kind}`,
    );
  }
  if (before.isNullable !== after.isNullable)
    add(after.isNullable ? 'wider' : 'narrower', after.isNullable ? 'may be null now' : 'may no longer be null');
  if (before.isOptional !== after.isOptional)
    add(after.isOptional ? 'wider' : 'narrower', after.isOptional ? 'may be missing now' : 'may no longer be missing');
  diffMembers(before, after, add);
  for (const name of keysOf(before.bounds, after.bounds)) diffBound(name, before.bounds[name], after.bounds[name], add);
  const [oldInner, nowInner] = [innerOf(old), innerOf(now)];
  const areBoth = (type: string): boolean => oldInner['type'] === type && nowInner['type'] === type;
  const [isNested, isList] = [areBoth('object'), areBoth('array')];
  for (const name of keysOf(before.others, after.others)) {
    const [was, is] = [before.others[name], after.others[name]];
    if (was === is || ((isNested || isList) && name === 'structure')) continue;
    if (is === undefined) add('wider', `${name} is gone`);
    else add(was === undefined ? 'narrower' : 'changed', was === undefined ? `${name} is new` : `${name} is another`);
  }
  if (isNested) changes.push(...diffObjects(oldInner, nowInner, path));
  if (isList) changes.push(...diffColumn(oldInner['element'] as Described, nowInner['element'] as Described, `${path}[]`));
  for (const name of keysOf(before.notes, after.notes)) {
    if (before.notes[name] !== after.notes[name])
      add('note', `${name} was ${before.notes[name] ?? 'none'}, is ${after.notes[name] ?? 'none'}`);
  }
  if (changes.length === 0) add('note', 'messages or the like are others');
  return changes;
}

function keysOf(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

type Add = (kind: ContractChange['kind'], text: string) => void;

function diffMembers(before: Allowed, after: Allowed, add: Add): void {
  if (!before.members || !after.members) return;
  const gone = before.members.filter((member) => !after.members?.includes(member));
  const more = after.members.filter((member) => !before.members?.includes(member));
  if (gone.length > 0) add('narrower', `no longer takes ${gone.join(', ')}`);
  if (more.length > 0) add('wider', `takes ${more.join(', ')} too`);
}

function diffBound(name: string, before: Bound | undefined, after: Bound | undefined, add: Add): void {
  if (before?.text === after?.text && before?.inclusive === after?.inclusive) return;
  const word = (bound: Bound | undefined): string => (bound ? `${bound.text}${bound.inclusive ? '' : ' (exclusive)'}` : 'none');
  const text = `${name} was ${word(before)}, is ${word(after)}`;
  if (!before || !after) return add(after ? 'narrower' : 'wider', text);
  if (before.value === null || after.value === null) return add('changed', text);
  const grew = after.value === before.value ? !after.inclusive === name.startsWith('minimum') : after.value > before.value;
  add(grew === name.startsWith('minimum') ? 'narrower' : 'wider', text);
}
