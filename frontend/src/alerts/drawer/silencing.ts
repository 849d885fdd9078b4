/** What a silence is about, as the form has it and as Alertmanager takes it. */
import type { SilenceMatcher } from '../../api/silences';
import type { Operator } from '../matchers';

export interface Line {
  /** Keeps a row its own while others are taken away. */
  key: number;
  name: string;
  operator: Operator;
  value: string;
}

export const operators = ['=', '!=', '=~', '!~'] as const satisfies readonly Operator[];

/** All labels of the alert: the silence is about it alone until some are taken away. */
export const linesOf = (labels: Record<string, string>): Line[] =>
  Object.entries(labels)
    .filter(([, value]) => value !== '')
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, value], key) => ({ key, name, operator: '=', value }));

export const wireOf = (lines: readonly Line[]): SilenceMatcher[] =>
  lines
    .filter(({ name }) => name.trim() !== '')
    .map(({ name, operator, value }) => ({
      name: name.trim(),
      value,
      is_regex: operator.endsWith('~'),
      is_equal: operator.startsWith('='),
    }));

export const wireText = ({ name, value, is_regex = false, is_equal = true }: SilenceMatcher): string =>
  `${name}${is_equal ? (is_regex ? '=~' : '=') : is_regex ? '!~' : '!='}"${value}"`;

export const HOUR_S = 3600;
export const presets = [
  [HOUR_S, '1 hour'],
  [4 * HOUR_S, '4 hours'],
  [24 * HOUR_S, '1 day'],
  [7 * 24 * HOUR_S, '7 days'],
] as const;
