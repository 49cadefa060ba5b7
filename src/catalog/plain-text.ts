import {
  OperationNodeTransformer,
  type KyselyPlugin,
  type PrimitiveValueListNode,
  type QueryResult,
  type UnknownRow,
  type ValueNode,
} from 'kysely';

class PlainTextTransformer extends OperationNodeTransformer {
  protected override transformValue(node: ValueNode): ValueNode {
    return { ...node, value: plainText(node.value) };
  }

  protected override transformPrimitiveValueList(node: PrimitiveValueListNode): PrimitiveValueListNode {
    return { ...node, values: node.values.map(plainText) };
  }
}

/**
 * Writes the character NUL as its symbol `␀`: Postgres takes no NUL in a text, and SQLite's driver would cut the text there.
 * A message may hold one, where it quotes a source's data.
 */
export class PlainTextPlugin implements KyselyPlugin {
  readonly #transformer = new PlainTextTransformer();

  transformQuery({ node, queryId }: Parameters<KyselyPlugin['transformQuery']>[0]) {
    return this.#transformer.transformNode(node, queryId);
  }

  transformResult({ result }: Parameters<KyselyPlugin['transformResult']>[0]): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}

/** A value as the catalog can hold it; what is no text stays as it is. */
export function plainText<T>(value: T): T | string {
  return typeof value === 'string' ? value.replaceAll('\0', '␀') : value;
}
