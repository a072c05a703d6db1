/** The series of a metrics page: every sample line without its value. */
export const seriesIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^([^{ ]+(?:\{[^}]*\})?) .*$/, '$1'));
