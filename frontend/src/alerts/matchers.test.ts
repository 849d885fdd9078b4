import { joinMatchers, parseMatcher, splitMatchers, withMatcher, withoutMatcher } from './matchers';

test.each([
  ['namespace=prod', { name: 'namespace', operator: '=', value: 'prod' }],
  [' pod != web-1 ', { name: 'pod', operator: '!=', value: 'web-1' }],
  ['pod=~web-*', { name: 'pod', operator: '=~', value: 'web-*' }],
  ['pod!~web-*', { name: 'pod', operator: '!~', value: 'web-*' }],
  ['expr="a=b"', { name: 'expr', operator: '=', value: 'a=b' }],
  ['team=', { name: 'team', operator: '=', value: '' }],
])('%s is a matcher', (text, matcher) => {
  expect(parseMatcher(text)).toEqual(matcher);
});

test('a word alone is none', () => {
  expect([parseMatcher('prod'), parseMatcher(''), parseMatcher('=x')]).toEqual([null, null, null]);
});

test('what an address is given comes out of it again, commas and backslashes too', () => {
  const matchers = ['a=1,2', 'b!=c\\,d', 'c=e\\', 'd=', 'e=~x*'].flatMap((text) => parseMatcher(text) ?? []);
  expect(splitMatchers(joinMatchers(matchers))).toEqual(matchers);
});

test('of a label and value there is an inclusion or an exclusion, not both', () => {
  const include = { name: 'a', operator: '=', value: '1' } as const;
  const exclude = { ...include, operator: '!=' } as const;
  expect(withMatcher([include], exclude)).toEqual([exclude]);
  expect(withMatcher([exclude], exclude)).toEqual([exclude]);
  expect(withoutMatcher([include, exclude], include)).toEqual([exclude]);
});
