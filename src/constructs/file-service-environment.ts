import { JOB_VARIABLES, SCRIPT_VARIABLES, SERVICE_VARIABLES, serviceSecrets } from '../contract';
import { check, checkEnvironmentName, checkSecretKey, checkSubdomain, Subject } from './checks';
import type { FileServiceProps } from './file-service-props';
import { exposedPath, ServiceModel } from './file-service-model';
import type { PodContainer } from './plain';
import { isPlainSecret, refusePlainSecret } from './plain-secrets';

const RESERVED: readonly string[] = [
  ...new Set([...Object.values(SERVICE_VARIABLES), ...SCRIPT_VARIABLES, ...Object.values(JOB_VARIABLES)]),
];

/** Throws on variables that Kubernetes refuses, that are ours, or that look like a secret in plain text. */
export function checkEnvironment(service: string, props: FileServiceProps): void {
  const { environment = {}, secretEnvironment = {} } = props;
  for (const [name, value] of Object.entries(environment)) {
    const subject = { service, field: ['environment', 'variables', name] };
    checkVariableName(subject, name);
    check(!value.includes('\0'), subject, { problem: 'a NUL byte in a variable', fix: 'leave it out' });
    refusePlainSecret(
      subject,
      isPlainSecret(name, value),
      `put it in a Secret of the services' namespace and write environment.secrets.${name}: { secretName, key }`,
    );
  }
  for (const [name, { secretName, key }] of Object.entries(secretEnvironment)) {
    const subject = { service, field: ['environment', 'secrets', name] };
    checkVariableName(subject, name);
    check(!(name in environment), subject, {
      problem: 'a variable that is plain and secret at once',
      value: name,
      fix: 'keep one of the two',
    });
    checkSubdomain({ service, field: [...subject.field, 'secretName'] }, secretName);
    checkSecretKey({ service, field: [...subject.field, 'key'] }, key);
  }
}

function checkVariableName(subject: Subject, name: string): void {
  checkEnvironmentName(subject, name);
  check(!RESERVED.includes(name), subject, {
    problem: 'a variable that OSCAR itself sets',
    value: name,
    allowed: `any name but ${RESERVED.join(', ')}`,
    fix: 'rename the variable',
  });
}

/** Ours first, then the user's; Secrets' before plain ones, which may refer to them as `$(NAME)`. */
export function environmentOf({ name, expose, props }: ServiceModel): NonNullable<PodContainer['env']> {
  const basePath = expose ? { value: exposedPath(name) } : {}; // empty text is what the server leaves out
  return [
    { name: SERVICE_VARIABLES.name, value: name },
    {
      name: SERVICE_VARIABLES.token,
      valueFrom: { secretKeyRef: { name: serviceSecrets(name).token, key: 'token' } },
    },
    { name: SERVICE_VARIABLES.basePath, ...basePath },
    ...Object.entries(props.secretEnvironment ?? {}).map(([key, secret]) => ({
      name: key,
      valueFrom: { secretKeyRef: { name: secret.secretName, key: secret.key } },
    })),
    ...Object.entries(props.environment ?? {}).map(([key, value]) =>
      value === '' ? { name: key } : { name: key, value },
    ),
  ];
}
