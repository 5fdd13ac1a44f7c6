// Sets the theme before the first paint, so that a dark room stays dark. A classic script, since modules run too late.

try {
  const kept = JSON.parse(localStorage.getItem("antechamber.review") || "{}");
  if (kept.theme === "dark" || kept.theme === "light") document.documentElement.dataset.theme = kept.theme;
} catch {
  // Nothing kept, or storage is off: the system's theme applies.
}
