/** An alert fires before somebody's eyes, who takes it, silences it, and finds it in the history when it is over. */
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

import { signIn, simulate } from './people';

const CLUSTER = 'hub-frankfurt';
const ALERT = 'TargetDown';
// Prometheus, its rule and Alertmanager each take their time, and more in a demo that has just begun.
const TOLD_WITHIN = 60_000;
// The platform asks each Alertmanager every 30 s what it silences.
const ASKED_WITHIN = 45_000;

/** Its row; the same alert that was pending a moment ago may have a row of its own still. */
const row = (page: Page, state = 'FIRING') =>
  page.locator(`tr[data-state=${state}]`).filter({ has: page.getByRole('link', { name: ALERT }) });
const drawer = (page: Page) => page.getByRole('dialog', { name: ALERT });

async function expectNobodyKeptOut(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
}

test.beforeAll(() => simulate('heal', '--cluster', CLUSTER));
test.afterAll(() => simulate('heal', '--cluster', CLUSTER));

/** Whoever looks on sees it fire, without a reload, in the title too. */
async function seeItFire(page: Page): Promise<void> {
  let reloads = 0;
  page.on('load', () => (reloads += 1));
  simulate('fault', 'exporter-down', '--cluster', CLUSTER);
  await expect(row(page)).toBeVisible({ timeout: TOLD_WITHIN });
  await expect(page).toHaveTitle(/^\([\d,]+\) Alerts/);
  expect(reloads).toBe(0);
}

async function acknowledge(page: Page, note: string): Promise<void> {
  await row(page).getByRole('link', { name: ALERT }).click();
  await expect(drawer(page)).toContainText('node-exporter targets do not answer');
  await drawer(page).getByRole('textbox', { name: 'Note' }).fill(note);
  await drawer(page).getByRole('button', { name: 'Acknowledge' }).click();
  await expect(drawer(page).getByText('admin acknowledged it')).toBeVisible();
  await expect(row(page)).toContainText(/Acknowledged by\s*admin/);
  await expectNobodyKeptOut(page);
}

async function silence(page: Page, comment: string): Promise<void> {
  await drawer(page).getByRole('button', { name: 'Silence' }).click();
  const form = drawer(page).getByRole('form', { name: 'Silence' });
  await expect(form).toContainText(/Matches \d+ active alert/);
  await form.getByRole('textbox', { name: 'Why' }).fill(comment);
  await form.getByRole('button', { name: 'Silence' }).click();
  await expect(drawer(page).getByRole('status', { name: 'Results' })).toContainText(`${CLUSTER} silenced`);
  await drawer(page).getByRole('button', { name: 'Done' }).click();
  await expect(drawer(page).getByText('Silenced', { exact: true })).toBeVisible({ timeout: ASKED_WITHIN });
  await page.keyboard.press('Escape');
  await expect(drawer(page)).toBeHidden();
  // What is silenced is out of the way until it is asked for.
  await expect(row(page)).toBeHidden();
}

async function filterAndReload(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'Silenced and inhibited' }).selectOption('shown');
  await page.getByRole('button', { name: /^Warning/ }).click();
  await page.getByRole('searchbox', { name: 'Search alerts' }).fill('job=node-exporter');
  await page.getByRole('searchbox', { name: 'Search alerts' }).press('Enter');
  await expect(row(page)).toContainText('Silenced');
  await page.reload();
  await expect(page.getByRole('button', { name: /^Warning/ })).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByRole('button', { name: /^job=node-exporter/ })).toBeVisible();
  await expect(row(page)).toContainText('Silenced');
}

async function lookIntoItsGroup(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'Group' }).selectOption('same');
  const group = page.getByRole('article').filter({ hasText: ALERT });
  await expect(group).toContainText(CLUSTER);
  await group.getByRole('button', { name: ALERT }).click();
  await expect(row(page)).toContainText('Silenced');
  await expectNobodyKeptOut(page);
}

async function expireTheSilence(page: Page, comment: string): Promise<void> {
  await page.getByRole('link', { name: 'Silences' }).click();
  const its = page.getByRole('row').filter({ hasText: comment });
  await expect(its).toContainText(`alertname="${ALERT}"`);
  await expectNobodyKeptOut(page);
  await its.getByRole('button', { name: `Expire the silence of ${CLUSTER}` }).click();
  await its.getByRole('button', { name: 'Yes, expire it now' }).click();
  await expect(its).toBeHidden();
}

async function findItInTheHistory(page: Page, note: string): Promise<void> {
  await page.getByRole('link', { name: 'History' }).click();
  await row(page, 'RESOLVED').first().getByRole('link', { name: ALERT }).click();
  await expect(drawer(page)).toContainText(/Resolved after \d+/);
  await expect(drawer(page)).toContainText(`admin acknowledged it${note}`);
  await expectNobodyKeptOut(page);
}

/** Whoever looks on sees it go, when its cause is gone. */
async function seeItResolve(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Active', exact: true }).click();
  await page.getByRole('combobox', { name: 'Silenced and inhibited' }).selectOption('shown');
  await expect(row(page)).toBeVisible();
  simulate('heal', '--cluster', CLUSTER);
  await expect(row(page)).toBeHidden({ timeout: TOLD_WITHIN });
}

test('an alert fires, is taken and silenced, and is history when its cause is gone', async ({ page }) => {
  test.setTimeout(240_000);
  const words = `changing the exporter, ${Date.now()}`;
  await signIn(page, `/alerts?cluster=${CLUSTER}`);
  await expect(page.getByRole('status').filter({ hasText: /^\d+ alerts?$/ })).toBeVisible();
  await expect(row(page)).toBeHidden({ timeout: TOLD_WITHIN });
  await seeItFire(page);
  await acknowledge(page, words);
  await silence(page, words);
  await filterAndReload(page);
  await lookIntoItsGroup(page);
  await expireTheSilence(page, words);
  await seeItResolve(page);
  await findItInTheHistory(page, words);
});
