import { parseSync, type Comment, type TSSignature, type TSTypeAnnotation } from 'oxc-parser';

/** One key of an interface with its TSDoc. */
export interface DocumentedKey {
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  readonly about: string;
  readonly default?: string;
}

/** A function with its TSDoc. */
export interface DocumentedFunction {
  readonly about: string;
  readonly example?: string;
  /** The interface of its first parameter, where that is one. */
  readonly options?: string;
}

/** The keys of an exported interface in order, those of object types in it as `outer.inner`. */
export function documentedKeys(source: string, name: string): readonly DocumentedKey[] {
  const { program, comments } = parseSync('source.ts', source);
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'TSInterfaceDeclaration') continue;
    if (statement.declaration.id.name === name) return members(statement.declaration.body.body, '', { source, comments });
  }
  throw new Error(`No exported interface ${name}.`);
}

/** An exported function. */
export function documentedFunctions(source: string, name: string): DocumentedFunction {
  const { program, comments } = parseSync('source.ts', source);
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'FunctionDeclaration') continue;
    if (statement.declaration.id?.name !== name) continue;
    const { about, example } = commentBefore(statement.start, { source, comments });
    const first = statement.declaration.params[0];
    const type = first !== undefined && 'typeAnnotation' in first ? first.typeAnnotation?.typeAnnotation : undefined;
    const isInterface = type?.type === 'TSTypeReference' && type.typeArguments === null && type.typeName.type === 'Identifier';
    const options = isInterface && type.typeName.type === 'Identifier' ? type.typeName.name : undefined;
    return { about, example, ...(options?.endsWith('Options') && { options }) };
  }
  throw new Error(`No exported function ${name}.`);
}

interface Text {
  readonly source: string;
  readonly comments: readonly Comment[];
}

function members(body: readonly TSSignature[], prefix: string, text: Text): DocumentedKey[] {
  return body.flatMap((member) => {
    if (member.type !== 'TSPropertySignature' || member.key.type !== 'Identifier') return [];
    const key = `${prefix}${member.key.name}`;
    const type = member.typeAnnotation?.typeAnnotation;
    if (type?.type === 'TSTypeLiteral') return members(type.members, `${key}.`, text);
    const { about, default: fallback } = commentBefore(member.start, text);
    return [{ key, type: typeText(type, text.source), required: !member.optional, about, default: fallback }];
  });
}

// As a person writes it: `readonly` is no matter to who writes a value.
function typeText(type: TSTypeAnnotation['typeAnnotation'] | undefined, source: string): string {
  if (!type) return '';
  const text = source.slice(type.start, type.end).replaceAll('readonly ', '').replaceAll(/\s+/g, ' ');
  return text.replaceAll(/Readonly<Record<string, ([^<>]*)>>/g, '{ [name]: $1 }').replaceAll(/Readonly<([^<>]*)>/g, '$1');
}

function commentBefore(start: number, { source, comments }: Text) {
  const comment = comments.findLast((each) => each.end <= start && source.slice(each.end, start).trim() === '');
  const isDoc = comment?.type === 'Block' && comment.value.startsWith('*');
  return parseDoc(isDoc ? comment.value : '');
}

function parseDoc(comment: string): { readonly about: string; readonly default?: string; readonly example?: string } {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*+ ?/, '').trimEnd());
  const text = lines.join('\n').trim();
  const [about = '', ...tags] = text.split(/(?:^|\s)@(?=(?:default|example|param|throws|returns)\b)/);
  const tag = (name: string): string | undefined =>
    tags
      .find((each) => each.startsWith(name))
      ?.slice(name.length)
      .trim();
  return { about: withoutLinks(about), default: tag('default'), example: tag('example') };
}

function withoutLinks(text: string): string {
  return text
    .trim()
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/\n(?!\n)/g, ' ');
}
