/** Who a connection to PostgreSQL belongs to, as its first words say. */
export type Speaker = 'load' | 'extract' | 'other';

const PROTOCOL_3 = 0x00030000;
const COPY_DATA = 'd'.charCodeAt(0);
const QUERY = 'Q'.charCodeAt(0);

/** The speaker, when this is the message that names the application; requests for encryption come before it. */
export function speakerOf(chunk: Buffer): Speaker | undefined {
  if (chunk.length < 8 || chunk.readInt32BE(4) !== PROTOCOL_3) return undefined;
  const application = /application_name\0([^\0]*)/.exec(chunk.toString('latin1'))?.[1] ?? '';
  return (/^millrace (load|extract)/.exec(application)?.[1] as Speaker | undefined) ?? 'other';
}

/** Whether a piece of what a client sends begins with rows of a COPY. */
export function isCopyData(chunk: Buffer): boolean {
  return chunk[0] === COPY_DATA;
}

/** Whether a piece of what a client sends is the word that ends its transaction for good. */
export function isCommit(chunk: Buffer): boolean {
  return chunk[0] === QUERY && /^COMMIT\b/i.test(chunk.subarray(5, 16).toString('latin1'));
}
