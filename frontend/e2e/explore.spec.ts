/** A PromQL question to the whole fleet. */
import { expect, test } from '@playwright/test';

import { signIn } from './people';

const CLUSTERS = ['hub-frankfurt', 'gpu-oregon', 'edge-tokyo'];

test('a range query draws a series per cluster and says who answered', async ({ page }) => {
  await signIn(page, '/explore');
  await page.getByRole('textbox', { name: /PromQL/ }).fill('avg(up)');
  // A demo that has just begun still puts the first history into its Prometheus servers.
  await expect(async () => {
    await page.getByRole('button', { name: 'Run' }).click();
    await expect(page.getByText('3 of 3 answered')).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 90_000 });
  await expect(page.locator('.uplot canvas')).toBeVisible();
  const legend = page.getByRole('region', { name: 'Legend' });
  for (const cluster of CLUSTERS) await expect(legend).toContainText(cluster);
  // The question is in the address, so a link opens the same view for a colleague.
  await expect(page).toHaveURL(/avg/);
});

test('a query that is no PromQL is answered at its box', async ({ page }) => {
  await signIn(page, '/explore');
  await page.getByRole('textbox', { name: /PromQL/ }).fill('avg(up');
  await page.getByRole('button', { name: 'Run' }).click();
  await expect(page.getByRole('alert').first()).toContainText(/never closed/);
});
