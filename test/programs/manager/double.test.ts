import { holdsAs } from './api-behaviour';
import { ApiServerDouble } from './double';

describe('the double', () => {
  let double: ApiServerDouble;
  beforeAll(async () => (double = await ApiServerDouble.start()));
  afterAll(() => double.stop());

  holdsAs(() => ({ url: double.url, token: double.token, namespace: 'oscar-svc' }));
});
