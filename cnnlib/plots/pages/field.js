// What one number sees: its window in the layer before, what that sees, and so on to the pixels.
"use strict";

// For step `number` of Living.forward and each one before it, down to the image, which rows and
// columns the number at a place depends on: {rows: [first, last], columns: [first, last]}.
Living.field = function (steps, number, [row, column]) {
  const seen = { [number]: { rows: [row, row], columns: [column, column] } };
  for (let i = number; i > 0; i--) {
    const { layer } = steps[i], [, ...sides] = steps[i - 1].shape;
    const back = ([first, last], side) => {
      const { kernel, padding } = layer;
      const ends = { conv: [first - padding, last - padding + kernel - 1], pool: [2 * first, 2 * last + 1] };
      const [from, to] = ends[layer.kind] ?? [first, last];
      return [Math.max(0, from), Math.min(side - 1, to)]; // the frame of zeros is no part of the image
    };
    seen[i - 1] = { rows: back(seen[i].rows, sides[0]), columns: back(seen[i].columns, sides[1]) };
  }
  return seen;
};

Living.Field = class extends Living.Drawing {
  constructor(place) {
    super(place, "What one number sees: point at a number of a map, or go to one with the arrow keys");
    const el = Living.element, names = ["the image", "conv1", "pool1", "conv2", "pool2"];
    const numbers = [0, 2, 3, 5, 6]; // convolutions after ReLU
    const blank = Living.forward(this.model, new Uint8Array(784));
    this.shown = numbers.map((number, i) => this.map(names[i], number, blank[number].shape));
    this.chosen = this.shown.find((one) => one.name === place.dataset.layer);
    this.at = [blank[this.chosen.number].shape[1] >> 1, blank[this.chosen.number].shape[2] >> 1];
    const lines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    lines.setAttribute("aria-hidden", "true");
    this.lines = lines;
    this.chain = el("div", { className: "chain" }, ...this.shown.map((one) => one.whole), lines);
    this.begin(el("div", { className: "controls" }, this.chooser()), this.chain);
    new ResizeObserver(() => this.trace()).observe(this.chain);
  }

  map(name, number, [count, rows, columns]) {
    const el = Living.element, one = { name, number, shape: [count, rows, columns] };
    const look = (at, spoken) => {
      if (!at) return;
      Object.assign(this, { chosen: one, at: at.slice(1) });
      this.redraw();
      if (spoken) this.say(this.words.textContent);
    };
    const follow = (event) => look(one.maps.at(event), false);
    const inner = number ? {
      tabIndex: 0, role: "application",
      "aria-label": `${name}, ${rows}×${columns} numbers; the arrow keys go from one to the next`,
      onpointermove: follow, onpointerdown: follow,
      onfocus: () => { if (one.maps.canvas.matches(":focus-visible") && this.chosen !== one) look([0, rows >> 1, columns >> 1], true); },
      onkeydown: (event) => {
        const next = event.key.startsWith("Page") ? null : Living.moved([0, ...this.at], event.key, [1, rows, columns], 1);
        if (next) { event.preventDefault(); look(next, true); }
      },
    } : { role: "img", "aria-label": "the image" };
    one.maps = Living.oneMap(rows, columns, 140 / rows, inner);
    one.caption = el("figcaption");
    one.whole = el("figure", {}, one.maps.whole, one.caption);
    return one;
  }

  draw() {
    const seen = Living.field(this.steps, this.chosen.number, this.at);
    for (const { maps, number, caption, name, shape } of this.shown) {
      const [count, rows, columns] = shape, size = rows * columns, { values } = this.steps[number];
      const parts = Array.from({ length: count }, (_, i) => values.subarray(i * size, (i + 1) * size));
      const sums = parts.map((part) => Living.sum(Array.from(part, Math.abs)));
      const strongest = sums.indexOf(Math.max(...sums)); // one of them stands for all: they see alike
      maps.draw(number ? parts[strongest] : this.pixels, Living.reach(values), !number);
      caption.textContent = number ? `${name}, ${rows}×${columns}, map ${strongest + 1} of ${count}` : `${name}, ${rows}×${columns}`;
      maps.unmark();
      const kind = number === this.chosen.number ? "here" : number ? "window" : "window seen";
      if (seen[number]) maps.mark(kind, { map: 0, ...Living.boxed(seen[number]) });
    }
    this.seen = seen;
    this.trace();
  }

  // lines from a box to the one that it comes from, where the two stand side by side
  trace() {
    const whole = this.chain.getBoundingClientRect(), drawn = [];
    const boxes = this.shown.map((one) => one.maps.boxes.firstChild?.getBoundingClientRect());
    for (let i = 1; i < boxes.length; i++) {
      const [from, to] = [boxes[i - 1], boxes[i]];
      if (!from || !to || to.left < from.left || Math.abs(this.shown[i].whole.offsetTop - this.shown[i - 1].whole.offsetTop) > 9) continue;
      for (const side of ["top", "bottom"])
        drawn.push(`M${from.right - whole.left} ${from[side] - whole.top} L${to.left - whole.left} ${to[side] - whole.top}`);
    }
    this.lines.innerHTML = `<path d="${drawn.join(" ")}"/>`;
  }

  tell() {
    const [row, column] = this.at.map((one) => one + 1), parts = [];
    for (const { number, name } of [...this.shown].reverse())
      if (number < this.chosen.number) {
        const [high, wide] = Living.sides(this.seen[number]);
        parts.push(number ? `${high}×${wide} numbers of ${name}` : `${high}×${wide} pixels`);
      }
    const { rows, columns } = this.seen[0], range = ([first, last]) => `${first + 1} to ${last + 1}`;
    this.words.textContent = `${this.chosen.name}, row ${row}, column ${column}, comes from ${parts.join(", these from ")}: rows ${range(rows)}, columns ${range(columns)}.`;
  }
};

Living.sides = ({ rows, columns }) => [rows, columns].map(([first, last]) => last - first + 1);
Living.boxed = function ({ rows, columns }) {
  const [high, wide] = Living.sides({ rows, columns });
  return { row: rows[0], column: columns[0], side: wide, high };
};

Living.start(".seen-pixels", (place) => new Living.Field(place));
