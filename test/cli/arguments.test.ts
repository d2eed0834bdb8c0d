import { parseArguments } from '../../src/cli/arguments';

const parse = (...args: string[]) => parseArguments(args, {});

test('synth takes names of environments, and says where things are', () => {
  expect(parse('synth')).toEqual({
    command: 'synth',
    environments: [],
    outdir: 'dist',
    folder: 'environments',
    strict: false,
  });
  expect(parse('synth', 'dev', '--outdir=out', '--environments', 'envs', 'production', '--strict')).toEqual({
    command: 'synth',
    environments: ['dev', 'production'],
    outdir: 'out',
    folder: 'envs',
    strict: true,
  });
});

test('CDK8S_OUTDIR, as cdk8s synth sets it, stands in for --outdir', () => {
  expect(parseArguments(['synth'], { CDK8S_OUTDIR: 'there' })).toMatchObject({ outdir: 'there' });
  expect(parseArguments(['synth'], { CDK8S_OUTDIR: '' })).toMatchObject({ outdir: 'dist' });
  expect(parseArguments(['synth', '--outdir', 'here'], { CDK8S_OUTDIR: 'there' })).toMatchObject({ outdir: 'here' });
});

test('help and version', () => {
  expect(parse('--help')).toEqual({ command: 'help' });
  expect(parse('synth', '-h')).toEqual({ command: 'help' });
  expect(parse('--version')).toEqual({ command: 'version' });
});

test.each<[string[], string]>([
  [[], 'no command given'],
  [['snyth'], 'unknown command "snyth", did you mean "synth"? Known: synth'],
  [['deploy'], 'unknown command "deploy". Known: synth'],
  [['synth', '--outdri', 'x'], 'unknown option "--outdri", did you mean "--outdir"?'],
  [['synth', '-x'], 'unknown option "-x". Known: --outdir, --environments, --strict, --help, --version'],
  [['synth', '--outdir'], '--outdir needs a value'],
  [['synth', '--outdir='], '--outdir needs a value'],
  [['synth', '--outdir', '--strict'], '--outdir needs a value'],
  [['synth', '--strict=no'], '--strict takes no value'],
])('%p is refused: %s', (args, message) => expect(() => parse(...args)).toThrow(message));

test('what stands after -- is a name', () => {
  expect(parse('synth', '--', 'dev')).toMatchObject({ environments: ['dev'] });
});
