import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const backend = process.env.BACKEND_URL ?? 'http://127.0.0.1:8000';

// Django serves the built client from /static/client/ and finds the hashed names in the manifest.
export default defineConfig(({ command }) => ({
  base: command === 'build' ? '/static/client/' : '/',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: '../static/client',
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    // The content security policy takes fonts from this origin alone, not from data: addresses.
    assetsInlineLimit: 0,
    rolldownOptions: { input: ['src/main.tsx', 'src/signin.css'] },
  },
  server: {
    proxy: {
      '^/(api|accounts|admin|static)/': { target: backend, headers: { origin: backend } },
      '/ws': { target: backend, ws: true, headers: { origin: backend } },
    },
  },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // Deadlines for a busy machine; a test that passes never waits for one.
    testTimeout: 60_000,
    pool: 'threads',
    maxWorkers: 2,
  },
}));
