import type { ProviderSettings, Storage } from './storage';

/** Opens a provider: nothing is asked of it yet. Only the code that it needs is loaded. */
export async function openStorage(settings: ProviderSettings): Promise<Storage> {
  switch (settings.type) {
    case 'minio':
    case 's3':
      return new (await import('./s3')).S3Storage(settings);
    case 'webdav':
      return new (await import('./webdav')).WebdavStorage(settings);
    case 'onedata':
      return new (await import('./onedata')).OnedataStorage(settings);
  }
}
