// Runs before the first paint: puts the remembered colour scheme, language and direction on <html>,
// so that the page does not flash. A classic script, because modules run too late.
(function () {
  var root = document.documentElement;
  try {
    var saved = JSON.parse(localStorage.getItem("fareway.settings") || "{}");
    if (saved.theme === "light" || saved.theme === "dark") root.dataset.theme = saved.theme;
    // A page that was written in one language says so.
    if (typeof saved.locale === "string" && !("spoken" in root.dataset)) {
      root.lang = saved.locale;
      if (/^(ar|he|fa|ur)\b/.test(saved.locale)) root.dir = "rtl";
    }
  } catch (error) {
    // Storage can be refused (private mode): the defaults of the page stand.
  }
})();
