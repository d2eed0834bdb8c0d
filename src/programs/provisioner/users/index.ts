export { Mc } from './mc';
export { convergeQuotas } from './quotas';
export { convergeUsers, type UserTools } from './users';
