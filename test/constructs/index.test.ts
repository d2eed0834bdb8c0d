import * as constructs from '../../src/constructs';

test('the package gives constructs and what they are made with, and none of their helpers', () => {
  const lower = Object.keys(constructs).filter((name) => /^[a-z]/.test(name));
  expect(lower).toEqual([]);
  expect(Object.keys(constructs)).toEqual(
    expect.arrayContaining(['EventBinding', 'FileService', 'Manager', 'Minio', 'Platform', 'Provisioner', 'Route']),
  );
});
