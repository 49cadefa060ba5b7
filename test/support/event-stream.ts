/** One message of Server-Sent Events. */
export interface Message {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export interface EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** Messages as they come, to the stream's end. */
  readonly messages: AsyncGenerator<Message>;
  /** Comments so far. */
  readonly comments: readonly string[];
  readonly close: () => void;
}

/** Opens a stream of Server-Sent Events, as a browser does. */
export async function openEventStream(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const gone = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: gone.signal });
  const comments: string[] = [];
  return {
    status: response.status,
    headers: response.headers,
    messages: read(response, comments),
    comments,
    close: () => gone.abort(),
  };
}

async function* read({ body }: Response, comments: string[]): AsyncGenerator<Message> {
  let text = '';
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (block.startsWith(':')) comments.push(block.slice(1).trim());
      else yield messageOf(block);
    }
  }
}

function messageOf(block: string): Message {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  const { id = '', event = '', data = '' } = fields;
  return { id, event, data: JSON.parse(data) as Record<string, unknown> };
}

/** Every message to the end of a stream. */
export async function allOf({ messages }: Pick<EventStream, 'messages'>): Promise<Message[]> {
  const all: Message[] = [];
  for await (const message of messages) all.push(message);
  return all;
}
