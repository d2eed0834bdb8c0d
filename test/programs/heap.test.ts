import fc from 'fast-check';
import { Heap } from '../../src/programs/common/heap';

const empty = () => new Heap<number>((a, b) => a < b);

test('of nothing there is no first', () => {
  const heap = empty();
  expect([heap.size, heap.first, heap.pop()]).toEqual([0, undefined, undefined]);
});

test('whatever comes in which order, the first is at hand', () => {
  // A number comes, or the first goes.
  const step = fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = empty();
      let sorted: number[] = [];
      for (const step of steps) {
        if (step === undefined) {
          expect(heap.pop()).toBe(sorted.shift());
        } else {
          heap.push(step);
          sorted = [...sorted, step].sort((a, b) => a - b);
        }
        expect([heap.size, heap.first]).toEqual([sorted.length, sorted[0]]);
      }
    }),
  );
});
