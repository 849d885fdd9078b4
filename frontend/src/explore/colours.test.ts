import { inksFor, slotsFor } from './colours';

test('clusters of a small fleet have colours of their own, whoever answers', () => {
  const slots = slotsFor(['hub-frankfurt', 'gpu-oregon', 'edge-tokyo', 'a', 'b', 'c', 'd', 'e']);
  expect(new Set(slots.values()).size).toBe(8);
  expect(inksFor(['edge-tokyo', 'a'], slots)[0]?.slot).toBe(inksFor(['b', 'edge-tokyo'], slots)[1]?.slot);
});

test('several series of one cluster among others share its colour in different shades', () => {
  const [first, second, other] = inksFor(['a', 'a', 'b'], slotsFor(['a', 'b']));
  expect(first?.slot).toBe(second?.slot);
  expect(first?.shade).not.toBe(second?.shade);
  expect(other?.slot).not.toBe(first?.slot);
});

test('series of a single cluster are told apart by colour', () => {
  expect(inksFor(['a', 'a', 'a'], slotsFor(['a', 'b'])).map(({ slot }) => slot)).toEqual([0, 1, 2]);
});
