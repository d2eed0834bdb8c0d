const { transform, transformIgnorePatterns } = require('../../jest.config.cjs');

module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/flow/**/*.test.ts'],
  transform,
  transformIgnorePatterns,
  // Longer than `Flow` waits for anything: it says what doesn't come, and what everybody said last.
  testTimeout: 900_000,
  verbose: true,
};
