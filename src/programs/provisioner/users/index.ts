export { Mc } from './mc';
export { convergeQuotas } from './quotas';
export { convergeUsers } from './users';
