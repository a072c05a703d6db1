/**
 * A spelling of 127.0.0.1 that the product does not recognise as loopback. Only this machine can reach the address, and
 * the metrics require a key, as on any network.
 */
export const HOST_WITH_KEY = '127.1';

const REFUSED = 401;

/** Throws if the metrics are readable without a key, because a run would then not test scraping with a key. */
export async function mustAskForKey(address: string): Promise<void> {
  const { status } = await fetch(`http://${address}/metrics`);
  if (status !== REFUSED) throw new Error(`${address} answers ${status} to a scrape without a key, not ${REFUSED}`);
}
