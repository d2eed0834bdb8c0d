module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
  // `npm run e2e:long`
  testPathIgnorePatterns: process.env.OSCAR_E2E_LONG ? [] : ['/test/e2e/long/'],
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
  testTimeout: 180_000,
  verbose: true,
};
