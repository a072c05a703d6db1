/** Grafana's dark theme, and the order in which it colours series. */
export const THEME = {
  page: '#111217',
  panel: '#181b1f',
  edge: '#2a2d33',
  text: '#ccccdc',
  faint: '#8e8e9c',
  grid: '#2c3038',
} as const;

const SERIES = [
  '#73bf69',
  '#f2cc0c',
  '#5794f2',
  '#ff9830',
  '#b877d9',
  '#8ab8ff',
  '#ffa6b0',
  '#37872d',
  '#fade2a',
  '#c4162a',
];

const NAMED: Readonly<Record<string, string>> = {
  green: '#73bf69',
  red: '#f2495c',
  orange: '#ff9830',
  blue: '#5794f2',
  purple: '#b877d9',
  text: '#ccccdc',
};

export const colorNamed = (name: string): string => NAMED[name] ?? name;
export const colorOfSeries = (index: number): string => SERIES[index % SERIES.length] ?? THEME.text;
