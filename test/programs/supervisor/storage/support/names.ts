import type * as dns from 'node:dns';

type Done = (error: null, address: string | dns.LookupAddress[], family?: number) => void;

/** Every host is this one: not all systems know that names under `localhost` are (RFC 6761, 6.3). */
export function resolveLocalhost(): void {
  const lookup = (_: string, options: dns.LookupOptions | Done, done = options as Done) =>
    typeof options === 'object' && options.all
      ? done(null, [{ address: '127.0.0.1', family: 4 }])
      : done(null, '127.0.0.1', 4);
  jest.spyOn(jest.requireActual<typeof dns>('node:dns'), 'lookup').mockImplementation(lookup as never);
}
