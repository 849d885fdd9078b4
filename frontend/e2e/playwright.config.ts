// The journeys run against a demo that `make test` starts; see scripts/journeys.py.
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  // The journeys break and heal the same three clusters.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: 'line',
  outputDir: '../test-results',
  use: {
    baseURL: process.env.AIOPS_URL,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // Chromium's own sandbox refuses root, and these pages are all ours.
      args: [
        '--no-sandbox',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
