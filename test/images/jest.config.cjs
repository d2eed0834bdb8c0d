module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/images/**/*.test.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
  testTimeout: 60_000,
  verbose: true,
};
