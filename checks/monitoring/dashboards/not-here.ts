/** Dashboard expressions that return no data from a healthy installation, each with the reason. */
export const NOT_HERE: Readonly<Record<string, string>> = {
  'overview.json: Firing alerts: A': 'no alert fires in a healthy installation',
  'purge-and-archive.json: Failures by reason: A': 'archiving does not fail while the store accepts writes',
};
