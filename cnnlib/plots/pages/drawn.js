// What the drawings share: a trained network, a garment to choose, light and dark, words.
"use strict";

// draw() is called for every change, tell(spoken) after it; a drawing has both
Living.Drawing = class {
  constructor(place, label) {
    const el = Living.element;
    this.place = place;
    this.model = Living.unpacked(Living.drawings.model);
    this.images = Living.bytes(Living.drawings.pixels);
    this.words = el("p", { className: "words" });
    this.spoken = el("p", { className: "spoken", role: "status" });
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", label);
    place.classList.add("drawn");
    place.drawing = this;
  }

  // once all is there
  begin(...parts) {
    this.place.replaceChildren(...parts, this.words, this.spoken);
    const anew = () => this.redraw();
    new MutationObserver(anew).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", anew);
    this.wear(Living.drawings.classes.length - 1); // an ankle boot, as in the chapters
  }

  wear(label) {
    this.label = label;
    this.pixels = this.images.subarray(784 * label, 784 * (label + 1));
    this.steps = Living.forward(this.model, this.pixels);
    this.worn?.();
    this.redraw();
  }

  redraw() {
    this.place.dataset.scheme = Living.isDark() ? "dark" : "light";
    this.draw();
    this.tell();
  }

  chooser() {
    const el = Living.element, { classes } = Living.drawings;
    const options = classes.map((name, k) => el("option", { value: k, selected: k === classes.length - 1 }, name));
    const select = el("select", { onchange: () => this.wear(Number(select.value)) }, ...options);
    return el("label", {}, "garment ", select);
  }

  say(words) {
    this.spoken.textContent = words;
  }
};

// a canvas of one map: [rows, columns], each value `scale` pixels wide
Living.oneMap = (rows, columns, scale, properties) =>
  new Living.Maps([1, rows, columns], properties, { across: 1, gap: 0, scale });
