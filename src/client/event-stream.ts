/** One message of a stream of Server-Sent Events. */
export interface StreamMessage {
  /** Where to go on after it, as `Last-Event-ID`; empty when the service gave none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** More text than one message may have; what sends that is no Millrace service. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * The messages of a body, as the HTML standard defines `text/event-stream`. Comments, with which a service shows that it is
 * there, are left out.
 */
export async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage> {
  let fields: Fields = { id: '', event: '', data: [] };
  for await (const line of linesOf(body)) {
    if (line !== '') {
      fields = withLine(fields, line);
      continue;
    }
    if (fields.data.length > 0) yield { id: fields.id, event: fields.event || 'message', data: fields.data.join('\n') };
    // The id stays until another one comes.
    fields = { id: fields.id, event: '', data: [] };
  }
}

interface Fields {
  readonly id: string;
  readonly event: string;
  readonly data: readonly string[];
}

function withLine(fields: Fields, line: string): Fields {
  const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
  if (name === 'data') return { ...fields, data: [...fields.data, value] };
  if (name === 'event') return { ...fields, event: value };
  return name === 'id' ? { ...fields, id: value } : fields;
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line's end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
    if (rest.length > MOST_CHARACTERS) throw new Error(`a message is longer than ${MOST_CHARACTERS} characters`);
  }
}
