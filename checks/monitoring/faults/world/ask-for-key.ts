/**
 * A way to write 127.0.0.1 that the product does not take for loopback: nobody but this machine reaches it, and its numbers take a key, as on every
 * network that Prometheus scrapes over.
 */
export const HOST_WITH_KEY = '127.1';

const REFUSED = 401;

/** A run in which the numbers are open to everybody would show nothing of what scraping takes. */
export async function mustAskForKey(address: string): Promise<void> {
  const { status } = await fetch(`http://${address}/metrics`);
  if (status !== REFUSED) throw new Error(`${address} answers ${status} to a scrape without a key, not ${REFUSED}`);
}
