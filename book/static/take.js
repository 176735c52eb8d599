// From a folder a browser shows a notebook and does not save it: so its text comes as a script, too.
(function () {
  "use strict";
  const link = document.querySelector(".take-along a[download]");
  if (!link) return;

  // called by the script beside the notebook
  window.takeNotebook = (name, text) => {
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    saved.download = name;
    saved.click();
    setTimeout(() => URL.revokeObjectURL(saved.href), 60000);
  };

  link.addEventListener("click", event => {
    event.preventDefault();
    const script = document.createElement("script");
    script.src = link.getAttribute("href").replace(/ipynb$/, "js");
    script.addEventListener("load", () => script.remove());
    document.head.append(script);
  });
})();
