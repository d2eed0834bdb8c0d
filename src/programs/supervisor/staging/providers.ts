import { readProvider } from '../credentials';
import type { Definition } from '../definition';
import type { ProviderSettings, Storage } from '../storage/storage';

/** The storage providers of one invocation, by name (`minio.default`): each is opened when it is first used, once. */
export class Providers {
  private readonly settings = new Map<string, ProviderSettings>();
  private readonly storages = new Map<string, Promise<Storage>>();

  /** @param folder `PROVIDERS_DIR` */
  constructor(
    private readonly definition: Definition,
    private readonly folder: string,
  ) {}

  /** @throws InvocationError (`configuration`): it is not declared, or its credentials are missing. */
  check(name: string): ProviderSettings {
    const known = this.settings.get(name);
    if (known) return known;
    const settings = readProvider(name, this.definition, this.folder);
    this.settings.set(name, settings);
    return settings;
  }

  /** @throws InvocationError as `check` does. */
  storage(name: string): Promise<Storage> {
    const known = this.storages.get(name);
    if (known) return known;
    const settings = this.check(name);
    const storage = import('../storage').then(({ openStorage }) => openStorage(settings));
    this.storages.set(name, storage);
    return storage;
  }

  close(): void {
    for (const storage of this.storages.values()) {
      storage.then(
        (opened) => opened.close(),
        () => undefined, // its user was told
      );
    }
  }
}
