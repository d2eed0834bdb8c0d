const MODULES = ['@kubernetes/client-node', 'openid-client', 'oauth4webapi', 'jose'].join('|');

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/e2e/',
    '<rootDir>/test/flow/',
    '<rootDir>/test/servers/',
    '<rootDir>/test/images/',
  ],
  // Not one less, as Jest would have it: the process that leads them waits.
  maxWorkers: '100%',
  // Machines are shared: what takes a tenth of a second may take five.
  testTimeout: 30_000,
  transform: {
    '\\.ts$': '<rootDir>/test/support/typescript.cjs',
    // Modules of a kind that jest doesn't load on Node 20.
    [`/node_modules/(${MODULES})/.*\\.js$`]: '<rootDir>/test/support/typescript.cjs',
  },
  transformIgnorePatterns: [`/node_modules/(?!(${MODULES})/)`],
};
