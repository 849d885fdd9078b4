import { pieces, webAddress } from './links';

test.each(['javascript:alert(1)', 'data:text/html,x', '//evil.test/x', '/path', 'ftp://a.test', 'http://', ' java\nscript:alert(1)'])(
  '%j is no link',
  (text) => {
    expect(webAddress(text)).toBeNull();
  },
);

test('web addresses are links', () => {
  expect(webAddress('https://runbooks.example.test/KubePodCrashLooping')).toBe('https://runbooks.example.test/KubePodCrashLooping');
});

test('in a text only the addresses are links, without the full stop behind', () => {
  expect(pieces('See https://a.test/x. <b>Or</b> not.')).toEqual([
    { text: 'See ', href: null },
    { text: 'https://a.test/x', href: 'https://a.test/x' },
    { text: '. <b>Or</b> not.', href: null },
  ]);
});
