import { z } from 'zod';
import { platformSchema } from './platform';
import { serviceShape, serviceSchema } from './service';
import { bucketsSchema, providersSchema } from './storage';
import { flag, list, map, object, optional, required, text, textMatching } from './types';

export const KIND = 'Environment';

const LABEL_VALUE = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const environmentShape = {
  apiVersion: required(text, 'Version of this format: `oscar-cdk8s/v1`.'),
  kind: required(z.literal(KIND, { error: KIND }), `\`${KIND}\`.`),
  name: required(
    textMatching(NAME, 'lower-case letters, digits and "-", at most 63'),
    'Names the environment and its folder of manifests; on every object as the label `oscar-cdk8s/environment`.',
  ),
  version: required(
    textMatching(LABEL_VALUE, 'what a label may hold: letters, digits, "-", "_", ".", at most 63, e.g. 1.4.0'),
    'Version of the environment; on every object as the label `oscar-cdk8s/version`.',
  ),
  extends: optional(text, 'Environment file that this one is laid over: path, relative to this file.', 'none'),
  kubernetesVersion: optional(text, 'Kubernetes version that the manifests are for, as `1.N`.', '1.27'),
  platform: optional(platformSchema, 'The platform itself.'),
  buckets: optional(
    bucketsSchema,
    'Buckets of the platform’s store, by name. Buckets that an FDL file names in a path need not be declared.',
    'none',
  ),
  storageProviders: optional(providersSchema, 'Where else files come from and go to; secrets by reference.', 'none'),
};

/** A whole environment without its services: after everything that it extends is merged into it. */
export const environmentSchema = object({
  ...environmentShape,
  // Known as a field, or nobody who mistypes it would be told; taken out before, to be checked service by service.
  services: optional(z.undefined(), 'Services.'),
});

const { name, ...fields } = serviceShape;
const overrides = object({ ...fields }).partial().meta({ title: 'service fields' });
const inlineService = serviceSchema.meta({ title: 'service' });
const removedService = object({
  name: required(name, 'Name of a service of the base.'),
  remove: required(flag, '`true`: the service of the base is left out.'),
}).meta({ title: 'removal' });
const fdlService = object({
  ...overrides.shape,
  fdl: required(text, 'FDL file: path, relative to this file. Each function in it is a service.'),
  services: optional(map(overrides), 'Fields for one function of the file, by its name.', 'none'),
}).meta({ title: 'fdl' });

export const FDL_ENTRY_KEYS: readonly string[] = ['fdl', 'services'];

/** An environment as it is written. */
export const environmentFileSchema = object({
  ...environmentShape,
  services: optional(
    list(z.union([inlineService, fdlService, removedService])),
    'Services. One with the name of a service of the base is laid over it.',
    'none',
  ),
});

/** An environment as it is written, in YAML or TypeScript. */
export type EnvironmentValue = z.input<typeof environmentFileSchema>;
export type Environment = z.output<typeof environmentSchema>;
export type Service = z.output<typeof serviceSchema>;
export type StoragePlace = NonNullable<Service['input']>[number];
