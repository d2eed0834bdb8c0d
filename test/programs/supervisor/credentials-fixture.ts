import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProvider } from '../../../src/programs/supervisor/credentials';
import type { Definition } from '../../../src/programs/supervisor/definition';
import { InvocationError } from '../../../src/programs/supervisor/failure';

export type Fields = Record<string, unknown>;

/** Where Secrets of providers are mounted: a new folder for each test. */
export class MountedProviders {
  folder = '';

  constructor() {
    beforeEach(() => (this.folder = mkdtempSync(join(tmpdir(), 'oscar-providers-'))));
    afterEach(() => rmSync(this.folder, { recursive: true }));
  }

  mount = (provider: string, secrets: Record<string, string>): void => {
    mkdirSync(join(this.folder, provider));
    for (const [key, value] of Object.entries(secrets)) writeFileSync(join(this.folder, provider, key), value);
  };

  /** @param providers of the definition, by `<type>.<id>` */
  read = (name: string, providers: Record<string, Fields> = {}) => {
    const types: Record<string, Record<string, Fields>> = {};
    for (const [key, fields] of Object.entries(providers)) {
      const [type, ...id] = key.split('.');
      (types[type] ??= {})[id.join('.')] = fields;
    }
    return readProvider(name, { providers: types } as unknown as Definition, this.folder);
  };
}

export const KEYS = { accessKey: 'AK', secretKey: 'SK' };
/** The same, as upstream's definitions have them. */
export const UPSTREAM = { access_key: 'AK', secret_key: 'SK' };

export function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(InvocationError);
    expect((error as InvocationError).kind).toBe('configuration');
    return (error as InvocationError).message;
  }
  throw new Error('nothing was refused');
}
