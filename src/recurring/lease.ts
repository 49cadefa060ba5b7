import type { Catalog, Lease } from '../catalog/index.js';

/** One of several workers' part in a lease of the catalog, of which one of them has hold at a time. */
export interface LeaseHolder {
  /** Takes or renews the lease; whether it is held now. */
  hold(): Promise<boolean>;
  /** Lets another take it at once, where the catalog can be told. Never rejects. */
  release(): Promise<void>;
}

/**
 * A worker's part in a lease. A lease that has stood still for `patienceMs`, by the clock of the one who watches it, has
 * lost its holder and is taken over; clocks of different machines are never compared.
 *
 * @param holder unique among all workers
 * @param patienceMs several times the pause between two calls of `hold`
 */
export function joinLease(catalog: Catalog, name: string, holder: string, patienceMs: number): LeaseHolder {
  let mine: Lease | undefined;
  let watched: { readonly lease: Lease; readonly since: number } | undefined;

  /** The lease as it may be taken now; `false` while another has it. */
  async function free(): Promise<Lease | undefined | false> {
    const lease = await catalog.readLease(name);
    if (lease === undefined) return undefined;
    const stands = watched?.lease.holder === lease.holder && watched.lease.beat === lease.beat;
    if (!stands) watched = { lease, since: performance.now() };
    return performance.now() - (watched?.since ?? 0) >= patienceMs ? lease : false;
  }

  return {
    async hold() {
      if (mine) mine = await catalog.takeLease(name, holder, mine);
      if (mine) return true;
      const seen = await free();
      if (seen === false) return false;
      mine = await catalog.takeLease(name, holder, seen);
      return mine !== undefined;
    },
    async release() {
      if (!mine) return;
      mine = undefined;
      await catalog.dropLease(name, holder).catch(() => undefined);
    },
  };
}
