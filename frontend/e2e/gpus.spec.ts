/** A card falls off the bus before somebody's eyes, who reads what to do, and who holds cards for nothing. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

import { signIn, simulate } from './people';

const CLUSTER = 'gpu-oregon';
// The driver, the exporter's scrape and the round of GPUs each take their time, and more in a demo that has just begun.
const TOLD_WITHIN = 90_000;

const node = (page: Page, name: string) => page.locator(`article[data-node="${name}"]`);
const card = (page: Page, name: string, index: number) => node(page, name).getByRole('group', { name: `GPU ${index}`, exact: true });

async function expectNobodyKeptOut(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
}

test.beforeAll(() => simulate('heal', '--cluster', CLUSTER));
test.afterAll(() => simulate('heal', '--cluster', CLUSTER));

test('a card that falls off the bus is seen, with what to do; its node opens, and waste is told', async ({ page }) => {
  test.setTimeout(240_000);
  await signIn(page, `/gpus?cluster=${CLUSTER}`);
  const fifth = card(page, 'gpu-worker-02', 5);
  await expect(fifth).toHaveAttribute('data-health', /OK|INFO/, { timeout: TOLD_WITHIN });
  await expect(page.getByRole('region', { name: 'All GPUs' })).toContainText('Allocated');
  await expectNobodyKeptOut(page);

  let reloads = 0;
  page.on('load', () => (reloads += 1));
  simulate('fault', 'gpu-xid', '--cluster', CLUSTER);
  await expect(fifth).toContainText('Critical', { timeout: TOLD_WITHIN });
  // nvidia-smi says that it does not answer, the exporter why.
  await expect(fifth).toContainText(/does not answer|XID 79/);
  await expect(fifth).toContainText('Drain the node');
  expect(reloads).toBe(0);

  await node(page, 'gpu-worker-02').getByRole('link', { name: 'gpu-worker-02' }).click();
  const drawer = page.getByRole('dialog', { name: 'gpu-worker-02' });
  await expect(drawer.locator('.uplot canvas')).toBeVisible();
  await expect(drawer.getByRole('list', { name: 'Cards' })).toContainText(/does not answer|XID 79/);
  await expectNobodyKeptOut(page);
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();

  await page.getByRole('navigation', { name: 'GPUs' }).getByRole('link', { name: 'Waste' }).click();
  // Hours are added up every five minutes, a minute late: a demo that is younger says so.
  const added = page.getByRole('region', { name: 'Held for nothing now' });
  await expect(added.or(page.getByText('GPU-hours are added up every five minutes'))).toBeVisible();
  await expect(page).toHaveURL(/show=waste/);
  await expectNobodyKeptOut(page);
});
