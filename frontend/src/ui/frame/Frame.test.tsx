import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';

import { me } from '../../testing/fixtures';
import { openClient } from '../../testing/harness';
import { server } from '../../testing/server';

test('the theme can be chosen and is remembered', async () => {
  openClient();
  await userEvent.click(await screen.findByRole('button', { name: /^Theme/ }));
  await userEvent.click(await screen.findByRole('menuitemradio', { name: 'Dark' }));
  expect(document.documentElement).toHaveClass('dark');
  expect(localStorage.getItem('aiops-theme')).toBe('dark');
});

test('the admin is offered to staff alone', async () => {
  openClient();
  expect(await screen.findByRole('link', { name: 'Admin' })).toHaveAttribute('href', '/admin/');
});

test('who is no staff sees no way to the admin', async () => {
  server.use(http.get('*/api/v1/me', () => HttpResponse.json({ ...me, is_staff: false })));
  openClient();
  await screen.findByRole('button', { name: 'Account: Ada Admin' });
  expect(screen.queryByRole('link', { name: 'Admin' })).not.toBeInTheDocument();
});

test('the place where one is stands out, and has a title', async () => {
  openClient('/explore');
  expect(await screen.findByRole('heading', { name: 'Explore', level: 1 })).toBeInTheDocument();
  await waitFor(() => {
    expect(screen.getByRole('link', { name: 'Explore' })).toHaveAttribute('aria-current', 'page');
  });
});

test('an unknown address says so', async () => {
  openClient('/nowhere/at/all');
  expect(await screen.findByRole('heading', { name: 'There is no such page' })).toBeInTheDocument();
});
