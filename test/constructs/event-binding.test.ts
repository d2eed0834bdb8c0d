import { parse } from 'yaml';
import { EventBinding, EventBindingProps } from '../../src/constructs/event-binding';
import { FileService } from '../../src/constructs/file-service';
import { byKind, chart, platform, propsOf, refusal } from './service-fixture';

function made() {
  const scope = chart();
  const on = platform();
  return { scope, on, service: new FileService(scope, 'thumbnails', propsOf({ platform: on })) };
}

test('every property shows', () => {
  const { scope, on, service } = made();
  const props: Required<EventBindingProps> = {
    service,
    from: on.store.path('photos/in'),
    prefix: ['img'],
    suffix: ['.jpg', '.png'],
  };
  new EventBinding(scope, 'photos', props);
  const { input } = parse(byKind(scope).ConfigMap.data['function_config.yaml']);
  expect(input).toEqual([
    { storage_provider: 'minio.default', path: 'photos/in', prefix: ['img'], suffix: ['.jpg', '.png'] },
  ]);
  const photos = on.services.bucketDeclarations().find(({ name }) => name === 'photos');
  expect(photos?.notifications).toEqual([
    { prefix: 'in/', suffix: '.jpg' },
    { prefix: 'in/', suffix: '.png' },
  ]);
});

test('it is the same as onUpload', () => {
  const [bound, told] = [made(), made()];
  new EventBinding(bound.scope, 'photos', { service: bound.service, from: bound.on.store.path('photos') });
  told.service.onUpload(told.on.store.path('photos'));
  expect(byKind(bound.scope)).toEqual(byKind(told.scope));
});

test('a ring that it closes is refused', () => {
  const { scope, on, service } = made();
  service.writesTo(on.store.path('photos/out'));
  const bind = () => new EventBinding(scope, 'ring', { service, from: on.store.path('photos') });
  expect(refusal(bind)).toContain('service "thumbnails": input[0].path: its output would trigger itself');
});
