// Runs before the first paint, so that a chosen theme does not flash. The app's
// ThemeSwitch writes the same key.
try {
  const theme = localStorage.getItem("beckon.theme");
  if (theme === "light" || theme === "dark") {
    document.documentElement.setAttribute("data-theme", theme);
  }
} catch {
  // A browser that keeps nothing shows the system's colours.
}
