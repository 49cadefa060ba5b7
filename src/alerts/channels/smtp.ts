import { readFileSync } from 'node:fs';
import type { Transporter } from 'nodemailer';
import { messageOf, TerminalError, TransientError, type MillraceError } from '../../core/errors.js';
import { SEND_TIMEOUT_MS, type OpenChannel, type OutgoingAlert } from './channel.js';

export interface ResolvedSmtp {
  readonly host: string;
  readonly port?: number;
  readonly tls?: 'starttls' | 'always' | 'never';
  readonly ca?: string;
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  readonly to: readonly string[];
}

const PORTS = { starttls: 587, always: 465, never: 25 } as const;

/** A channel that mails alerts, each over a connection of its own. */
export function openSmtp(channel: string, options: ResolvedSmtp): OpenChannel {
  const { password } = options;
  return {
    secrets: password === undefined ? [] : [password, Buffer.from(password).toString('base64')],
    async send(message, signal) {
      const transporter = await connect(channel, options);
      const late = AbortSignal.any([signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
      try {
        await Promise.race([transporter.sendMail(mailOf(message, options)), aborted(late)]);
      } catch (error) {
        throw failureOf(channel, options, error);
      } finally {
        transporter.close();
      }
    },
  };
}

async function connect(
  channel: string,
  { host, port, tls = 'starttls', ca, user, password }: ResolvedSmtp,
): Promise<Transporter> {
  // Loaded by who sends mail only.
  const { createTransport } = await import('nodemailer');
  return createTransport({
    host,
    port: port ?? PORTS[tls],
    secure: tls === 'always',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'never',
    ...(ca !== undefined && { tls: { ca: certificates(channel, ca) } }),
    ...(user !== undefined && { auth: { user, pass: password } }),
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
    // A text is a text: neither files nor addresses on the web are fetched for it.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function certificates(channel: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const message = `The certificates of channel "${channel}" can't be read: ${messageOf(error)}. Correct \`ca\`.`;
    throw new TransientError('ALERT_UNDELIVERED', message, { channel }, { cause: error });
  }
}

function mailOf({ id, alert, test }: OutgoingAlert, { from, to }: ResolvedSmtp) {
  const { key, severity, title, text, pipeline } = alert;
  const facts = [
    `Severity: ${severity}`,
    ...(pipeline === undefined ? [] : [`Pipeline: ${pipeline}`]),
    `At: ${alert.at}`,
    `Alert: ${key}`,
  ];
  return {
    from,
    to: [...to],
    subject: `[${test ? 'test' : severity}] ${title}`.replaceAll(/\s+/g, ' '),
    text: `${text}\n\n${facts.join('\n')}\n`,
    messageId: `<${id}@millrace>`,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Millrace-Alert': encodeURI(key) },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const tell = (): void => reject(new Error(`it did not take the mail within ${SEND_TIMEOUT_MS / 1000} s`));
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
  });
}

/** What a server refuses with 5xx stays refused, as does a name or password that it does not take. */
function failureOf(channel: string, { host }: ResolvedSmtp, error: unknown): MillraceError {
  const { responseCode } = error as { readonly responseCode?: number };
  const message = `Channel "${channel}" (SMTP at ${host}) did not take the mail: ${messageOf(error).replaceAll(/\s+/g, ' ')}.`;
  const details = { channel, ...(responseCode !== undefined && { status: responseCode }) };
  return responseCode !== undefined && responseCode >= 500
    ? new TerminalError('ALERT_REFUSED', message, details, { cause: error })
    : new TransientError('ALERT_UNDELIVERED', message, details, { cause: error });
}
