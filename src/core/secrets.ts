/** Replaces every secret by `***`. Short ones are left: they would blacken innocent words, and are no secrets. */
export function scrub(text: string, secrets: readonly string[]): string {
  return secrets.filter((secret) => secret.length >= 4).reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}
