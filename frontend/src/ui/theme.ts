/** Light, dark, or as the system says. public/theme.js sets it before the first paint. */
import { create } from 'zustand';

export type Theme = 'light' | 'dark' | 'system';

const KEY = 'aiops-theme';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

const isTheme = (value: unknown): value is Theme => value === 'light' || value === 'dark' || value === 'system';

function remembered(): Theme {
  const value = localStorage.getItem(KEY);
  return isTheme(value) ? value : 'system';
}

interface ThemeChoice {
  theme: Theme;
  dark: boolean;
  choose: (theme: Theme) => void;
}

const isDark = (theme: Theme): boolean => (theme === 'system' ? systemDark.matches : theme === 'dark');

export const useTheme = create<ThemeChoice>()((set) => ({
  theme: remembered(),
  dark: isDark(remembered()),
  choose: (theme) => {
    localStorage.setItem(KEY, theme);
    set({ theme, dark: isDark(theme) });
  },
}));

useTheme.subscribe(({ dark }) => document.documentElement.classList.toggle('dark', dark));
systemDark.addEventListener('change', () => {
  useTheme.setState(({ theme }) => ({ dark: isDark(theme) }));
});
