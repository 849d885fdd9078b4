/** Which labels an alert must have: `namespace=prod`, `pod!=web-1`, `pod=~web-*`; many of them joined by commas. */

export type Operator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  name: string;
  operator: Operator;
  /** Empty stands for a label that is not there. With ~ it holds `*` for anything. */
  value: string;
}

const FORM = /^\s*([^\s=!~,]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s;

/** The matcher that a text says, or null where it says none. */
export function parseMatcher(text: string): Matcher | null {
  const found = FORM.exec(text);
  if (!found) return null;
  const [, name = '', operator, value = ''] = found;
  return { name, operator: operator as Operator, value: value.replace(/^"(.*)"$/s, '$1') };
}

export const matcherText = ({ name, operator, value }: Matcher): string => `${name}${operator}${value}`;

/** Values may hold commas: those are escaped, and so is what escapes them. */
const escaped = (text: string): string => text.replace(/[\\,]/g, '\\$&');

export const joinMatchers = (matchers: readonly Matcher[]): string =>
  matchers.map((matcher) => escaped(matcherText(matcher))).join(',');

export function splitMatchers(text: string | undefined): Matcher[] {
  const parts = (text ?? '').match(/(?:\\.|[^\\,])+/gs) ?? [];
  return parts.flatMap((part) => parseMatcher(part.replace(/\\(.)/gs, '$1')) ?? []);
}

const same = (one: Matcher, other: Matcher): boolean => matcherText(one) === matcherText(other);

/** Of one name and value there is either an inclusion or an exclusion, and each once. */
export function withMatcher(matchers: readonly Matcher[], added: Matcher): Matcher[] {
  const others = matchers.filter(({ name, value }) => name !== added.name || value !== added.value);
  return [...others, added];
}

export const withoutMatcher = (matchers: readonly Matcher[], removed: Matcher): Matcher[] =>
  matchers.filter((matcher) => !same(matcher, removed));
