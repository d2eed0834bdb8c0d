module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/cluster/',
    '<rootDir>/test/servers/',
    '<rootDir>/test/images/',
  ],
  // Machines are shared: what takes a tenth of a second may take five.
  testTimeout: 30_000,
  transform: { '\\.ts$': '<rootDir>/test/support/typescript.cjs' },
};
