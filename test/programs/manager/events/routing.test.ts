import type { StorageInput } from '../../../../src/contract';
import { Routing } from '../../../../src/programs/manager/events/routing';
import { configMap, definition, INPUT, known } from '../services';

const input = (path: string, filters: Partial<StorageInput> = {}) => ({ ...INPUT, path, ...filters });
const only = (...services: string[]) => ({ services, bound: true });
const NOBODY = { services: [], bound: false };
const FILTERED = { services: [], bound: true };

test.each([
  ['pictures/in', 'pictures', 'in/a.jpg', only('a')],
  ['pictures/in', 'pictures', 'in/deep/er/a.jpg', only('a')],
  ['/pictures//in/', 'pictures', 'in/a.jpg', only('a')],
  ['pictures', 'pictures', 'a.jpg', only('a')],
  ['pictures', 'pictures', 'any/where/a.jpg', only('a')],
  // A folder's name is not a beginning of another's.
  ['pictures/in', 'pictures', 'input/a.jpg', NOBODY],
  ['pictures/in', 'pictures', 'in', NOBODY],
  ['pictures/in', 'pictures', 'out/in/a.jpg', NOBODY],
  ['pictures/in', 'pictures2', 'in/a.jpg', NOBODY],
  ['pictures/in', 'picture', 'in/a.jpg', NOBODY],
])('%s takes %s/%s: %j', (path, bucket, key, expected) => {
  const routing = new Routing(known(definition('a', { input: [input(path)] })));
  expect(routing.destination(bucket, key)).toEqual(expected);
});

test.each([
  [{ suffix: ['.jpg', '.png'] }, 'in/a.png', only('a')],
  [{ suffix: ['.jpg', '.png'] }, 'in/a.gif', FILTERED],
  [{ prefix: ['cat'] }, 'in/cat-1.jpg', only('a')],
  [{ prefix: ['cat'] }, 'in/pets/cat-1.jpg', only('a')],
  [{ prefix: ['pets/'] }, 'in/pets/dog-1.jpg', only('a')],
  [{ prefix: ['cat'] }, 'in/dog-1.jpg', FILTERED],
  // The folder is not part of the name.
  [{ prefix: ['in'] }, 'in/cat.jpg', FILTERED],
])('filters %j on %s: %j', (filters, key, expected) => {
  const routing = new Routing(known(definition('a', { input: [input('pictures/in', filters)] })));
  expect(routing.destination('pictures', key)).toEqual(expected);
});

test('every service that is bound, each once, by name', () => {
  const routing = new Routing(
    known(
      definition('z', { input: [input('pictures/in'), input('pictures')] }),
      definition('b', { input: [input('pictures/in/deep')] }),
      definition('c', { input: [input('pictures/in', { suffix: ['.gif'] })] }),
      definition('other', { input: [input('films/in')] }),
      definition('none', { input: [] }),
    ),
  );
  expect(routing.destination('pictures', 'in/deep/a.jpg')).toEqual(only('b', 'z'));
});

test("another store's events don't come here", () => {
  const routing = new Routing(
    known(definition('a', { input: [input('pictures/in', { storage_provider: 's3.aws' })] })),
  );
  expect(routing.destination('pictures', 'in/a.jpg')).toEqual(NOBODY);
});

test("users' own buckets, where a service has them", () => {
  const users = { allowed_users: ['ann', 'bob'], input: [input('pictures/in')] };
  const routing = new Routing(known(definition('a', { ...users, isolation_level: 'user' }), definition('b', users)));
  expect(routing.destination('pictures-ann', 'in/a.jpg')).toEqual(only('a'));
  expect(routing.destination('pictures-bob', 'in/a.jpg')).toEqual(only('a'));
  expect(routing.destination('pictures-eve', 'in/a.jpg')).toEqual(NOBODY);
  expect(routing.destination('pictures', 'in/a.jpg')).toEqual(only('a', 'b'));
});

test('a service that comes, changes and goes', () => {
  const services = known();
  const routing = new Routing(services);
  const destination = () => routing.destination('pictures', 'in/a.jpg');
  expect(destination()).toEqual(NOBODY);
  services.onConfigMap('a', configMap(definition('a')));
  expect(destination()).toEqual(only('a'));
  services.onConfigMap('a', configMap(definition('a', { input: [input('films/in')] })));
  expect(destination()).toEqual(NOBODY);
  expect(routing.destination('films', 'in/a')).toEqual(only('a'));
  services.onConfigMap('a', undefined);
  expect(routing.destination('films', 'in/a')).toEqual(NOBODY);
});

test('the folders by which a service wants an object', () => {
  const a = definition('a', {
    input: [input('pictures/in'), input('/pictures//in/deep'), input('pictures', { suffix: ['.gif'] }), input('films')],
  });
  const routing = new Routing(known(a, definition('b')));
  const paths = (key: string) => routing.pathsOf('a', 'pictures', key);
  expect(paths('in/deep/a.jpg')).toEqual(['pictures/in/', 'pictures/in/deep/']);
  expect(paths('in/a.gif')).toEqual(['pictures/in/', 'pictures/']);
  expect(paths('a.jpg')).toEqual([]);
  expect(routing.pathsOf('c', 'pictures', 'in/a.gif')).toEqual([]);
});
