/** Waits until `ready` gives true. `describe` says what is missing when it does not. */
export async function until(ready: () => Promise<boolean> | boolean, describe: () => string, timeoutMs = 60_000): Promise<void> {
  for (const end = Date.now() + timeoutMs; !(await ready());) {
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain: ${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
