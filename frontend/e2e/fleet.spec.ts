/** A stranger signs in, sees the fleet alive, and watches one cluster die and come back. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '@playwright/test';

import { card, expectState, signIn, simulate } from './people';

const CLUSTERS = ['hub-frankfurt', 'gpu-oregon', 'edge-tokyo'];
const EVERYBODY_ONLINE_WITHIN = 90_000;
// The demo checks every 10 s.
const TWO_CHECKS = 20_000;

test.beforeAll(() => {
  for (const cluster of CLUSTERS) simulate('heal', '--cluster', cluster);
});

test('a cluster that dies is seen to die, with its reason, and to come back', async ({ page }) => {
  await signIn(page);
  for (const cluster of CLUSTERS) {
    await expectState(page, cluster, 'ONLINE', EVERYBODY_ONLINE_WITHIN);
  }
  let reloads = 0;
  page.on('load', () => (reloads += 1));

  simulate('fault', 'api-down', '--cluster', 'edge-tokyo');
  await expectState(page, 'edge-tokyo', 'OFFLINE', TWO_CHECKS);
  await expect(card(page, 'edge-tokyo')).toContainText('connection refused');
  // Worst first.
  await expect(page.locator('[data-cluster]').first()).toHaveAttribute('data-cluster', 'edge-tokyo');

  simulate('heal', 'api-down', '--cluster', 'edge-tokyo');
  await expectState(page, 'edge-tokyo', 'ONLINE', TWO_CHECKS);
  expect(reloads).toBe(0);
});

test('the page of a cluster says what is wrong and what was checked', async ({ page }) => {
  await signIn(page, '/clusters/hub-frankfurt');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('hub-frankfurt');
  simulate('fault', 'prometheus-down', '--cluster', 'hub-frankfurt');
  await expect(page.getByText('Degraded').first()).toBeVisible({ timeout: TWO_CHECKS });
  await expect(page.getByText(/Prometheus at .* answers 503/).first()).toBeVisible();
  simulate('heal', '--cluster', 'hub-frankfurt');
  await page.getByRole('button', { name: 'Check now' }).click();
  await expect(page.getByText('Online').first()).toBeVisible({ timeout: TWO_CHECKS });
});

test('a wrong password is answered at the form, and lets nobody in', async ({ page }) => {
  await page.goto('/');
  await page.getByLabel('User name or e-mail').fill('admin');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('not correct');
  await page.goto('/explore');
  await expect(page).toHaveURL(/accounts\/login/);
});

for (const path of ['/', '/clusters/gpu-oregon', '/explore']) {
  test(`nothing on ${path} keeps people with assistive technology out`, async ({ page }) => {
    await signIn(page, path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.waitForLoadState('networkidle');
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
  });
}
