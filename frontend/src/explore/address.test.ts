import { readExplore } from './address';
import { momentOf } from './moment';
import { spanOf } from './span';
import { autoStep, parseStep, stepWords } from './step';

const NOW = 1_000_000;

test('relative times count from now', () => {
  expect(momentOf('now', NOW)).toBe(NOW);
  expect(momentOf('now-15m', NOW)).toBe(NOW - 900);
  expect(momentOf('2026-01-31T12:00:00Z', NOW)).toBe(Date.parse('2026-01-31T12:00:00Z') / 1000);
  expect(momentOf('soon', NOW)).toBeNull();
});

test('nothing said is the last hour with a step of its own', () => {
  expect(spanOf({}, NOW)).toEqual({ start: NOW - 3600, end: NOW, step: 15 });
});

test.each([
  [{ from: 'soon' }, /"soon" is no time/],
  [{ from: 'now', to: 'now-1h' }, /ends before it begins/],
  [{ step: 'often' }, /"often" is no step/],
  [{ from: 'now-30d', step: '1s' }, /more than 11,000 points/],
])('%j is refused in a sentence', (explore, sentence) => {
  expect(spanOf(explore, NOW)).toMatch(sentence);
});

test('steps are durations or seconds', () => {
  expect(['30s', '5m', '1.5h', '15', '0s', '-1s', 'x'].map(parseStep)).toEqual([30, 300, 5400, 15, null, null, null]);
  expect([30, 300, 5400, 86_400].map(stepWords)).toEqual(['30 s', '5 min', '90 min', '1 d']);
  expect(autoStep(30 * 86_400)).toBe(21_600);
});

test('an address keeps only what it knows', () => {
  expect(readExplore({ q: 'up', mode: 'other', step: '', evil: 1 })).toEqual({ q: 'up' });
});
