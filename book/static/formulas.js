// MathJax, which is large, comes once the page can be read: nobody waits for it.
"use strict";

{
  const mathjax = new URL("mathjax/tex-chtml.js", document.currentScript.src).href;
  addEventListener("DOMContentLoaded", () => {
    document.head.append(Object.assign(document.createElement("script"), { src: mathjax }));
  });
}
