// Paper is white: a page that is read in the dark is printed in the light.
let scheme;
addEventListener("beforeprint", () => {
  scheme = document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  document.documentElement.dataset.theme = scheme;
});
