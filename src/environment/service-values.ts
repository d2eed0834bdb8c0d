import { isUnknownField, problems } from './issues';
import { mergeStack, origin, Stack } from './layers';
import { Problem } from './report';
import { Service } from './schema/environment';
import { serviceSchema } from './schema/service';
import { without, withoutUnsupported } from './unsupported';

export interface ServiceValues {
  /** Nothing when there are errors. */
  readonly service?: Service;
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * The service that a stack of layers stands for. Fields that nobody knows are errors in an environment, whose fields
 * we define, and warnings in an FDL file, which may be written for any version of OSCAR.
 */
export function serviceValues(stack: Stack): ServiceValues {
  const supported = withoutUnsupported(mergeStack(stack));
  const first = serviceSchema.safeParse(supported.service);
  if (first.success) return { service: first.data, errors: [], warnings: supported.problems };
  const found = problems(first.error.issues, supported.service);
  const harmless = found.filter((problem) => isUnknownField(problem) && origin(stack, problem.field!).layer.fdl);
  const errors = found.filter((problem) => !harmless.includes(problem));
  const warnings = [
    ...supported.problems,
    ...harmless.map((problem) => ({ ...problem, problem: `${problem.problem}, and it is ignored` })),
  ];
  if (errors.length) return { errors, warnings };
  const known = harmless.reduce((rest, { field }) => without(rest, field!), supported.service);
  return { service: serviceSchema.parse(known), errors, warnings };
}
