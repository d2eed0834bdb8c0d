import { GeneratedSecret } from '../../../src/contract';

export const secret = (over: Partial<GeneratedSecret> = {}): GeneratedSecret => ({
  namespace: 'oscar-svc',
  name: 'cowsay-minio',
  labels: { a: 'b' },
  annotations: { c: 'd' },
  data: { accessKey: { text: 'oscar-cowsay' }, secretKey: { hex: 40 } },
  ...over,
});

/** What is logged: `level: message`. */
export const lines = () => {
  const logged: string[] = [];
  return { logged, log: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
};

export const noWait = async () => undefined;
