/** SQL for an id as 32 lower-case digits. vibe-kanban stores UUIDs as blobs, some of its forks as text. */
export const idText = (column: string): string =>
  `lower(case typeof(${column}) when 'blob' then hex(${column}) else replace(${column}, '-', '') end)`;
