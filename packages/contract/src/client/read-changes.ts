import type { z } from 'zod';
import { change } from '../schemas/history.ts';

export type ReceivedChange = { readonly id: string; readonly change: z.output<typeof change> };

/**
 * Yields the changes of an event stream (SSE) as they arrive, until the response ends. To resume, request the stream
 * again with the last `id` as `Last-Event-ID`.
 */
export async function* readChanges(response: Response): AsyncGenerator<ReceivedChange> {
  if (response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => splitField(line)));
      const [id, data] = [fields.get('id'), fields.get('data')];
      if (id !== undefined && data !== undefined) yield { id, change: change.parse(JSON.parse(data)) };
    }
  }
}

function splitField(line: string): [string, string] {
  const at = line.indexOf(':');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).trimStart()];
}
