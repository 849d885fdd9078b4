import { ago, duration, now, setServerTime } from './clock';

test('ages are told in one unit', () => {
  expect([999, 45_000, 12 * 60_000, 3 * 3_600_000, 2 * 86_400_000].map(duration)).toEqual(['0 s', '45 s', '12 min', '3 h', '2 d']);
});

test('seconds are told in steps of five', () => {
  expect([1000, 13_000, 61_000].map((age) => ago(0, age))).toEqual(['just now', '10 s ago', '1 min ago']);
});

test("a browser's wrong clock is put right by the server's", () => {
  const hour = 3_600_000;
  setServerTime(new Date(Date.now() + hour).toISOString(), Date.now());
  expect(Math.abs(now() - Date.now() - hour)).toBeLessThan(2000);
  setServerTime(new Date().toISOString(), Date.now());
  expect(Math.abs(now() - Date.now())).toBeLessThan(2000);
});
