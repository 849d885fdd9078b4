/** An operator brings a cluster in by its kubeconfig, changes its key, and lets it go again. */
import { expect, type Page, test } from '@playwright/test';

import { signIn, simulate } from './people';

const CLUSTERS = '/admin/clusters/cluster/';

test.afterAll(() => simulate('register'));

async function letGo(page: Page, name: string): Promise<void> {
  await page.goto(`${CLUSTERS}?q=${name}`);
  await page.getByRole('link', { name, exact: true }).click();
  await page.getByRole('link', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: /sure/ }).click();
  await expect(page.getByText(/was deleted successfully/)).toBeVisible();
}

test('a kubeconfig is looked through and imported; its key is tried, rotated, removed', async ({
  page,
}) => {
  await signIn(page, CLUSTERS);
  await letGo(page, 'gpu-oregon');

  await page.goto(`${CLUSTERS}import/`);
  await page.getByLabel('Prefix').fill('lab-');
  await page.locator('textarea[name=text]').fill(simulate('kubeconfig'));
  await page.getByRole('button', { name: 'Preview' }).click();
  const rows = page.locator('.results').getByRole('row');
  await expect(rows).toHaveCount(4);
  // What is registered already is known by its server and its CA, whatever its name.
  await expect(rows.filter({ hasText: 'hub-frankfurt' })).toContainText('Exists');
  await expect(rows.filter({ hasText: 'gpu-oregon' })).toContainText('Created');
  await page.getByLabel('Name for gpu-oregon').fill('lab-gpus');
  await page.getByRole('button', { name: 'Import what is ticked' }).click();
  await page.goto(`${CLUSTERS}?q=lab-gpus`);
  await expect(async () => {
    await page.reload();
    await expect(page.locator('.state-online')).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 30_000 });

  await page.getByRole('link', { name: 'lab-gpus', exact: true }).click();
  await page.getByRole('link', { name: /redentials/ }).first().click();
  await page.getByRole('button', { name: 'Try it now' }).click();
  await expect(page.getByText('Works').first()).toBeVisible();

  await page.locator('input[name=token]').fill('no-token-of-this-cluster');
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByRole('alert').first()).toContainText('The old credential stays in use');

  const token = simulate('token', '--cluster', 'gpu-oregon', '--hours', '48').trim();
  await page.locator('input[name=token]').fill(token);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await expect(page.getByRole('status').first()).toContainText('Rotated');
  expect(await page.content()).not.toContain(token);
  await page.goto(`${CLUSTERS}?q=lab-gpus`);
  await expect(page.locator('#result_list')).toContainText(/in (1 day|2 days)/);

  await letGo(page, 'lab-gpus');
});
