/** Light, dark, or as the system says. */
import { Check, Monitor, Moon, Sun, type LucideIcon } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';

import { Button } from '../Button';
import { MenuContent, menuItem } from '../Menu';
import { useTheme, type Theme } from '../theme';

const themes: Record<Theme, { word: string; icon: LucideIcon }> = {
  light: { word: 'Light', icon: Sun },
  dark: { word: 'Dark', icon: Moon },
  system: { word: 'As the system', icon: Monitor },
};

export function ThemeMenu() {
  const { theme, choose } = useTheme();
  const { icon: Current, word } = themes[theme];
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild>
        <Button tone="quiet" size="icon" aria-label={`Theme: ${word}`} title="Theme">
          <Current size={16} aria-hidden />
        </Button>
      </DropdownMenu.Trigger>
      <MenuContent>
        <DropdownMenu.RadioGroup
          value={theme}
          onValueChange={(value) => {
            choose(value as Theme);
          }}
        >
          {Object.entries(themes).map(([value, { word: name, icon: Icon }]) => (
            <DropdownMenu.RadioItem key={value} value={value} className={menuItem}>
              <Icon size={16} aria-hidden />
              <span className="flex-1">{name}</span>
              <DropdownMenu.ItemIndicator>
                <Check size={16} aria-hidden />
              </DropdownMenu.ItemIndicator>
            </DropdownMenu.RadioItem>
          ))}
        </DropdownMenu.RadioGroup>
      </MenuContent>
    </DropdownMenu.Root>
  );
}
