module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
  testTimeout: 180_000,
  verbose: true,
};
