/**
 * Ignores a reader that closes the pipe, such as `head`: the command still ends with its own exit code. Any other write
 * failure, such as a full disk, is reported once.
 */
export function outliveReader(stream: NodeJS.WritableStream, complain: (text: string) => void): void {
  let told = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || told) return;
    told = true;
    complain(`the output could not be written: ${error.message}`);
  });
}
