// The living network: a picture, two models that compute whatever becomes of it, one value at a time.
"use strict";

Living.Network = class {
  constructor(place, number) {
    const el = Living.element;
    this.place = place;
    this.input = new Living.Input(() => this.soon(), `living-${number}`);
    const column = (name, side) => new Living.Column(name, side, {
      onLook: (step, at, spoken) => this.look(side, step, at, spoken),
      onChange: () => { this.looked = null; this.update(); },
    });
    const left = column(place.dataset.left, "left"), right = column(place.dataset.right, "right");
    this.columns = { left, right };
    this.said = el("p", { className: "said" });
    this.spoken = el("p", { className: "spoken", role: "status" });
    this.models = el("div", { className: "models" }, left.whole, right.whole);
    place.replaceChildren(this.input.whole, this.said, this.models, this.values(), this.spoken);
    place.addEventListener("keydown", (event) => { if (event.key === "Escape") this.forget(); });
    this.update();
    new MutationObserver(() => this.redraw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  // the panel of one value
  values() {
    const el = Living.element;
    this.panel = el("section", { className: "value", "aria-label": "One value" });
    this.where = el("p", { className: "where" });
    this.numbers = el("div");
    this.parts = el("select", { onchange: () => { this.part = Number(this.parts.value); this.explain(false); } });
    this.partsLabel = el("label", { hidden: true }, "input map ", this.parts);
    const close = el("button", { type: "button", className: "close", "aria-label": "close this panel", onclick: () => this.forget() }, "×");
    this.panel.append(this.where, this.partsLabel, this.numbers, close);
    return this.panel;
  }

  // once for all that happens before the next picture on the screen
  soon() {
    this.waiting ??= requestAnimationFrame(() => { this.waiting = null; this.update(); });
  }

  update() {
    const pixels = this.input.picture.pixels(), { left, right } = this.columns;
    const started = performance.now();
    left.compute(pixels);
    right.compute(pixels);
    this.milliseconds = performance.now() - started;
    this.place.dataset.milliseconds = this.milliseconds.toFixed(1);
    this.redraw();
    clearTimeout(this.telling); // a reader of the screen hears the end of a movement, not all of it
    this.telling = setTimeout(() => { this.spoken.textContent = this.answer; }, 400);
  }

  redraw() {
    const { left, right } = this.columns, { label } = this.input;
    this.input.draw(this.input.picture.pixels());
    left.draw(right, label);
    right.draw(left, label);
    this.colour();
    const truth = label === null ? "Your own drawing." : `It is: ${Living.data.classes[label]}.`;
    this.answer = `${truth} ${left.says()}. ${right.says()}.`;
    this.said.textContent = `${this.answer} Computed here, in ${this.milliseconds.toFixed(0)} ms.`;
    this.explain(false);
  }

  // after a change of light and dark: what is not drawn anew with each picture
  colour() {
    const scheme = Living.isDark() ? "dark" : "light";
    if (this.place.dataset.scheme === scheme) return;
    this.place.dataset.scheme = scheme;
    for (const column of Object.values(this.columns))
      for (const shown of column.shown) shown?.filters?.draw();
  }

  look(side, step, at, spoken) {
    const before = this.looked;
    if (before?.side !== side || before.step !== step) this.part = null;
    this.looked = { side, step, at };
    this.explain(spoken);
  }

  forget() {
    this.looked = null;
    this.explain(false);
  }

  explain(spoken) {
    for (const one of Object.values(this.columns)) one.unmark();
    this.input.mark();
    this.panel.classList.toggle("empty", !this.looked);
    if (!this.looked) {
      this.where.textContent = "Point at a value of any map, or go to one with the keys: here is how it comes about.";
      this.numbers.replaceChildren();
      this.partsLabel.hidden = true;
      return;
    }
    const { side, step, at } = this.looked, column = this.columns[side];
    const { layer, shape } = column.steps[step];
    const found = Living.explain(column.steps, step, at), told = Living.told(found, this.part);
    const [map, row, across] = at.map((one) => one + 1);
    const where = shape[1] * shape[2] === 1 ? `number ${map}` : `map ${map}, row ${row}, column ${across}`;
    const title = `${Living.title(layer).toLowerCase()} (${layer.name})`;
    this.where.textContent = `${column.model.name}, ${title}, ${where}: ${Living.number(found.value)}`;
    this.numbers.innerHTML = told.html;
    this.choices(found, told.part);
    this.mark(column, step, at, found, told.part);
    if (spoken) this.spoken.textContent = `${where}: ${Living.number(found.value)}. ${told.sentence}.`;
  }

  // a menu of the input maps, where there are several
  choices({ parts = [] }, part) {
    this.partsLabel.hidden = parts.length < 2;
    if (this.parts.length !== parts.length)
      this.parts.replaceChildren(...parts.map((_, i) => Living.element("option", { value: i }, i + 1)));
    this.parts.value = part;
  }

  mark(column, step, [map, row, across], { seen, parts, winner, terms }, part) {
    column.shown[step].maps.mark("here", { map, row, column: across, side: 1 });
    const before = step === 1 ? this.input.maps : column.shown[step - 1].maps;
    if (parts) before.mark("window", { ...seen, map: part });
    else if (seen) before.mark("window", seen);
    if (seen && winner >= 0 && winner !== null) {
      const place = { row: seen.row + (winner >> 1), column: seen.column + (winner & 1) };
      before.mark("winner", { map, ...place, side: 1 });
    }
    for (const { from } of (terms ?? []).slice(0, 6))
      before.mark("window", { map: from[0], row: from[1], column: from[2], side: 1 });
  }
};

Living.start(".living-network", (place, i) => new Living.Network(place, i));
