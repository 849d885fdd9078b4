/** What the journeys share: the way in, and the hand that breaks and heals the simulated fleet. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { expect, type Locator, type Page } from '@playwright/test';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function signIn(page: Page, path = '/'): Promise<void> {
  await page.goto(path);
  await page.getByLabel('User name or e-mail').fill(process.env.AIOPS_ADMIN_USERNAME ?? 'admin');
  await page.getByLabel('Password').fill(process.env.AIOPS_ADMIN_PASSWORD ?? '');
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/**
 * Run `manage.py simulate ...`, as an operator would in a second terminal.
 *
 * The demo's own incidents come and go, but never this one: `fault exporter-down --cluster
 * hub-frankfurt` fires the warning TargetDown (job node-exporter, namespace openshift-monitoring)
 * there within about 40 s, and `heal --cluster hub-frankfurt` resolves it as soon.
 */
export function simulate(...words: string[]): string {
  const python = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url));
  return execFileSync(python, ['manage.py', 'simulate', ...words], { cwd: root, encoding: 'utf8' });
}

export function card(page: Page, cluster: string): Locator {
  return page.locator(`[data-cluster="${cluster}"]`);
}

export async function expectState(page: Page, cluster: string, state: string, within: number) {
  await expect(card(page, cluster)).toHaveAttribute('data-state', state, { timeout: within });
}
