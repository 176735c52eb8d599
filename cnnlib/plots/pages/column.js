// One model on the page: which it is, what it says, and every layer with its maps.
"use strict";

Living.Column = class {
  // onLook(step, place, spoken): somebody points at a value; onChange(): another model is chosen
  constructor(name, side, { onLook, onChange }) {
    const el = Living.element;
    Object.assign(this, { onLook, side });
    const options = Living.data.models.map((one) => el("option", { value: one.name }, one.name));
    this.select = el("select", { onchange: () => { this.take(this.select.value); onChange(); } }, ...options);
    this.words = el("p", { className: "why" });
    this.answers = el("tbody");
    this.layers = el("div", { className: "layers" });
    const table = el("table", { className: "answers" },
      el("caption", {}, "probability of each class"), this.answers);
    this.whole = el("section", { className: "model", "aria-label": `${side} model` },
      el("label", {}, `Model on the ${side} `, this.select), this.words, table, this.layers);
    this.bars = Living.data.classes.map((name) => {
      const bar = el("div", { className: "bar" }), number = el("td", { className: "share" });
      const row = el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, bar), number);
      this.answers.append(row);
      return { bar, number, row };
    });
    this.take(name);
  }

  take(name) {
    this.model = Living.model(name);
    this.select.value = name;
    const { parent, difference, why, accuracy } = this.model;
    const many = difference.split("; ").length;
    const change = parent ? `From ${parent}: ${many > 3 ? `${many} changes at once` : difference}. ` : "";
    this.words.textContent = `${change}Why: ${why}. Right on ${(100 * accuracy).toFixed(1)} % of the validation images.`;
    this.shown = Living.forward(this.model, new Float64Array(784)).map((step, number) =>
      number ? this.layer(step, number) : null);
    this.layers.replaceChildren(...this.shown.slice(1).map((one) => one.whole));
  }

  layer({ layer, shape }, number) {
    const el = Living.element, title = Living.title(layer), size = Living.size(shape);
    const maps = new Living.Maps(shape, {
      tabIndex: 0,
      role: "application",
      "aria-label": `${this.model.name}, ${title.toLowerCase()} ${layer.name}, maps: ${size}. The arrow keys go from value to value, Page Up and Page Down from map to map.`,
    });
    const cursor = [0, shape[1] >> 1, shape[2] >> 1];
    const look = (place, spoken) => { cursor.splice(0, 3, ...place); this.onLook(number, place, spoken); };
    maps.canvas.addEventListener("pointermove", (event) => { const at = maps.at(event); if (at) look(at, false); });
    maps.canvas.addEventListener("pointerdown", (event) => { const at = maps.at(event); if (at) look(at, false); });
    maps.canvas.addEventListener("focus", () => { if (maps.canvas.matches(":focus-visible")) look([...cursor], true); });
    maps.canvas.addEventListener("keydown", (event) => {
      const next = Living.moved(cursor, event.key, shape, maps.across);
      if (next) { event.preventDefault(); look(next, true); }
    });
    const range = el("span", { className: "range" });
    const head = el("p", { className: "head" },
      el("b", {}, title), ` ${size} `, el("code", {}, layer.name), range);
    const whole = el("div", { className: "layer" }, head);
    const filters = layer.kind === "conv" ? this.filters(layer, maps) : null;
    whole.append(...(filters ? [filters.words, filters.whole] : []), maps.whole);
    return { whole, maps, range, filters };
  }

  // the filters of a convolution: a column for each of its maps, a row for each input map
  filters({ weight, kernel, inputs, outputs }, maps) {
    const el = Living.element;
    const count = inputs * outputs;
    // those of the first layer stand above their maps, and are as large
    const room = inputs === 1 ? maps.wide - maps.gap : 390 / outputs - 1;
    const scale = Math.max(1, Math.floor(room / kernel)), fine = scale > 2 ? 1 : 0;
    const look = inputs === 1
      ? { across: maps.across, gap: maps.gap, scale } : { across: outputs, gap: fine, scale };
    const grid = new Living.Maps([count, kernel, kernel], {
      role: "img",
      "aria-label": `${count} filters of ${kernel}×${kernel}, weights from ${Living.number(Math.min(...weight))} to ${Living.number(Math.max(...weight))}`,
    }, look);
    const size = kernel * kernel, ordered = new Float64Array(weight.length);
    for (let filter = 0; filter < outputs; filter++)
      for (let map = 0; map < inputs; map++) {
        const from = (filter * inputs + map) * size;
        ordered.set(weight.subarray(from, from + size), (map * outputs + filter) * size);
      }
    const draw = () => grid.draw(ordered, Living.reach(ordered));
    draw();
    grid.whole.classList.add("filters");
    const words = el("p", { className: "why" }, inputs === 1
      ? "filters, and below each its map"
      : `filters (a column for each map, a row for each of ${inputs} input maps), then the maps`);
    return { words, whole: grid.whole, draw };
  }

  compute(pixels) {
    this.steps = Living.forward(this.model, pixels);
    const named = ({ layer, shape, values }) => [`${layer.name} ${shape}`, Living.reach(values)];
    this.reaches = Object.fromEntries(this.steps.map(named));
  }

  // other: the column beside; where a layer of one name gives maps of one size, both have one
  // scale, so that they can be compared
  draw(other, label) {
    this.steps.forEach(({ layer, shape, values }, number) => {
      if (!number) return;
      const name = `${layer.name} ${shape}`;
      const reach = Math.max(this.reaches[name], other.reaches[name] ?? 0);
      this.shown[number].maps.draw(values, reach);
      this.shown[number].range.textContent = `±${reach.toFixed(1)}`;
    });
    this.shares = Living.probabilities(Living.logits(this.steps));
    this.answer = this.shares.indexOf(Math.max(...this.shares));
    this.bars.forEach(({ bar, number, row }, k) => {
      bar.style.width = `${100 * this.shares[k]}%`;
      number.textContent = `${(100 * this.shares[k]).toFixed(1)} %`;
      row.className = (k === this.answer ? "says " : "") + (k === label ? "true" : "");
    });
  }

  // says in a sentence
  says() {
    const share = (100 * this.shares[this.answer]).toFixed(0);
    return `${this.model.name}: ${Living.data.classes[this.answer]}, ${share} %`;
  }

  unmark() {
    for (const one of this.shown) one?.maps.unmark();
  }
};
