import { parseArgs } from 'node:util';
import { ApiServerDouble } from './server';

/** The double as a process: it lives on while whoever talks to it is killed. What it knows ends with it. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string' }, token: { type: 'string' } } });
  const double = await ApiServerDouble.start({ port: Number(values.port ?? 0), token: values.token });
  process.once('SIGTERM', () => void double.stop().then(() => process.exit(0)));
  process.stdout.write(`${JSON.stringify({ port: double.port, token: double.token })}\n`);
}

void main().catch((error: Error) => {
  process.stderr.write(`the double: ${error.message}\n`);
  process.exit(1);
});
