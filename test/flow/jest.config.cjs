const { transform, transformIgnorePatterns } = require('../../jest.config.cjs');

module.exports = {
  rootDir: '../..',
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/flow/**/*.test.ts'],
  transform,
  transformIgnorePatterns,
  // The suite shares its processors with whatever else runs; what hangs is told by `Flow.until`, which says what and why.
  testTimeout: 600_000,
  verbose: true,
};
