module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/servers/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
  testTimeout: 120_000,
  verbose: true,
};
