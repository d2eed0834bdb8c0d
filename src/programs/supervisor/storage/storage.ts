/** One provider. Paths: minio, s3: `bucket/key`; webdav: path on the server; onedata: path inside the space. */
export interface Storage {
  /**
   * Streams an object into a new file. Broken transfers go on where they stopped, if it is still the same object.
   * @returns its bytes
   * @throws InvocationError (`storage`): no such object, refused, or away for longer than the retries last.
   */
  download(path: string, file: string, transfer: Transfer): Promise<number>;
  /**
   * Streams a file into an object, and makes the folders that the provider needs. S3: the object is complete or not
   * there, always. Onedata, and a WebDAV server that writes in place, show it in part while it is written; one that fails
   * is removed from Onedata, but after a `kill -9`, or when the removal fails too, the part stays until it is uploaded again.
   * @returns its bytes
   * @throws InvocationError (`storage`)
   */
  upload(file: string, path: string, transfer: Transfer): Promise<number>;
  /** Closes idle connections. */
  close(): void;
}

export interface Transfer {
  /** Ends the transfer: it throws InvocationError (`cancelled`). */
  readonly signal?: AbortSignal;
  /** Told of each retry. */
  readonly warn: (message: string) => void;
  /** How often a storage that is busy or away is asked. @default 6, which takes some seconds */
  readonly tries?: number;
}

export interface Tls {
  /** False: any certificate will do. */
  readonly verify: boolean;
  /** PEM certificates to judge by, instead of those that everybody trusts. */
  readonly ca?: string;
}

export interface S3Settings {
  readonly type: 'minio' | 's3';
  /** `http(s)://host[:port]`. */
  readonly endpoint: string;
  readonly region: string;
  /** False: the bucket is part of the host's name. */
  readonly pathStyle: boolean;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
  readonly tls: Tls;
}

export interface WebdavSettings {
  readonly type: 'webdav';
  /** `http(s)://host[:port][/path]`, without a slash at its end. */
  readonly url: string;
  readonly auth?: { readonly login: string; readonly password: string } | { readonly token: string };
  readonly tls: Tls;
}

export interface OnedataSettings {
  readonly type: 'onedata';
  /** `https://host[:port]`. */
  readonly url: string;
  readonly space: string;
  readonly token: string;
  readonly tls: Tls;
}

export type ProviderSettings = S3Settings | WebdavSettings | OnedataSettings;
