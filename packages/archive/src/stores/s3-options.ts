/** Where a bucket is and what its server can do, as the address of the archive says. Keys come from where the AWS SDK looks for them. */
export type S3Options = {
  readonly bucket: string;
  /** What every key begins with; empty, or ending in a slash. */
  readonly prefix: string;
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  readonly pathStyle: boolean;
  /** `when-required` for servers that do not know the newer checksums. */
  readonly checksum: 'when-supported' | 'when-required';
  /** `off` takes a bucket without versions, and says so at every start. */
  readonly versioning: 'required' | 'off';
  readonly timeoutMs: number;
};
