/** Where the browser begins. */
import './index.css';
import './ui/theme';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

import { App } from './App';

const root = document.getElementById('root');
if (!root) throw new Error('The page has no #root element: templates/client.html must hold it.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
