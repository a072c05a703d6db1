/** Expressions that have nothing to answer while nothing is wrong, each with the reason. */
export const NOT_HERE: Readonly<Record<string, string>> = {
  'overview.json: What fires: A': 'no alert fires while nothing is wrong',
  'purge-and-archive.json: Failures by reason: A':
    'nothing fails to be archived while the store takes what it is given',
};
