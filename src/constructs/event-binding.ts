import { Construct } from 'constructs';
import type { FileService } from './file-service';
import type { FileFilter, StoragePath } from './storage';

export interface EventBindingProps extends FileFilter {
  /** Service that is run for each file. */
  readonly service: FileService;
  /** Folder in which files arrive. Only the platform's own store tells of uploads. */
  readonly from: StoragePath;
}

/**
 * Binds a service to uploads, declared apart from the service:
 * `new EventBinding(chart, 'thumbnails-of-photos', { service: thumbnails, from: store.path('photos/in') })`.
 * The same as `service.onUpload(from, filter)`.
 * @throws DeclarationError when the bucket is not declared, or the service's output would trigger it again
 */
export class EventBinding extends Construct {
  constructor(scope: Construct, id: string, { service, from, prefix, suffix }: EventBindingProps) {
    super(scope, id);
    service.onUpload(from, { prefix, suffix });
  }
}
