// Jest's transform: esbuild turns TypeScript into JavaScript, tsc alone checks types.
const { transformSync } = require('esbuild');

module.exports = {
  process: (source, sourcefile) =>
    transformSync(source, {
      ...{ sourcefile, loader: 'ts', format: 'cjs', target: 'node20', sourcemap: 'inline' },
      // As tsc compiles it, and as jest can run it: `import()` is a `require` later.
      supported: { 'dynamic-import': false },
    }),
};
