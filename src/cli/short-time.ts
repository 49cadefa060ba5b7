/** An ISO time to the second, without its `T` and `Z`; nothing for none. */
export function shortTime(iso: string | null): string {
  return iso === null ? '' : iso.slice(0, 19).replace('T', ' ');
}
