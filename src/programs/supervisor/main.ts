import { SUPERVISOR_PORT } from '../../contract';
import { readDefinition } from './definition';
import { failureOf, placeOf } from './failure';
import { onOneLine } from './log';
import { runOnce } from './run-once';
import { stderr } from './stderr';
import { defaultPlaces } from './work-folder';

const USAGE = `usage: supervisor [serve | --version | --help]
  (none)     one invocation: the event or body is in the variable EVENT, or else on stdin
  serve      takes invocations by HTTP, on port ${SUPERVISOR_PORT}
  --version  tells which Node runs it
  --help     tells this
`;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (rest.length > 0) return misused(`it takes no more after "${command}"`);
  switch (command) {
    case undefined:
      return runOnce();
    case 'serve': {
      const places = defaultPlaces();
      const { serveInvocations } = await import('./serve');
      await serveInvocations({ definition: readDefinition(places.config), places, port: SUPERVISOR_PORT });
      return 0;
    }
    case '--version':
      process.stdout.write(`oscar-cdk8s supervisor, Node ${process.version} on ${process.platform} ${process.arch}\n`);
      return 0;
    case '--help':
      process.stdout.write(USAGE);
      return 0;
    default:
      return misused(`there is no command "${command}"`);
  }
}

function misused(problem: string): number {
  stderr.write(`supervisor: ${onOneLine(problem)}\n${USAGE}`);
  return 2;
}

function fatal(error: unknown): number {
  const failure = failureOf(error);
  stderr.write(`supervisor: ${onOneLine(placeOf(failure) ?? failure.message)}\n`);
  return failure.exitCode;
}

process.on('uncaughtException', (error) => process.exit(fatal(error)));
// What is still open, such as a stdin that nobody read to its end, keeps nobody waiting.
void main(process.argv.slice(2))
  .catch(fatal)
  .then((code) => process.exit(code));
