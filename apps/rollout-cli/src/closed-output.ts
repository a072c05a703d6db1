/**
 * What was done is done whether it is read to its end or not: a reader that leaves, as `head` does, ends what is written to it and changes no exit
 * code. Another failure, as a full disk, is told once.
 */
export function outliveReader(stream: NodeJS.WritableStream, complain: (text: string) => void): void {
  let told = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    complain(`the output could not be written: ${error.message}`);
  });
}
