import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate with its key, as files and as text. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test's own, made by openssl. */
export interface Authority extends Certificate {
  /** Signs a certificate for some names, such as `DNS:temporal.test` or `IP:127.0.0.1`. `days` below 0: it has expired. */
  readonly issue: (name: string, names: readonly string[], days?: number) => Certificate;
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority in a folder. */
export function makeAuthority(folder: string, name: string): Authority {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (base: string): Certificate => {
    const [certFile, keyFile] = [join(folder, `${base}.crt`), join(folder, `${base}.key`)];
    return { certFile, keyFile, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  };
  openssl('req', '-x509', ...EC_KEY, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`, '-days', '2');
  return {
    ...read(name),
    issue(leaf, names, days = 1) {
      writeFileSync(join(folder, `${leaf}.ext`), `subjectAltName=${names.join(',')}\n`);
      openssl('req', ...EC_KEY, '-keyout', `${leaf}.key`, '-out', `${leaf}.csr`, '-subj', `/CN=${leaf}`);
      const signer = ['-CA', `${name}.crt`, '-CAkey', `${name}.key`, '-CAcreateserial', '-extfile', `${leaf}.ext`];
      openssl('x509', '-req', '-in', `${leaf}.csr`, ...signer, '-days', String(days), '-out', `${leaf}.crt`);
      return read(leaf);
    },
  };
}
