// Set the theme before the first paint: this runs blocking, from a file of its own because the
// content security policy allows no inline script. src/ui/theme.ts changes it later.
(function () {
  var choice = 'system';
  try {
    choice = localStorage.getItem('aiops-theme') || 'system';
  } catch {
    // Storage may be forbidden in this browser; the system's theme it is, then.
  }
  var dark = choice === 'dark' || (choice === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
})();
