// A window that steps over an image: each place gives one number of the map.
"use strict";

Living.PACES = { slow: 600, fast: 40 }; // milliseconds for a step

Living.Stepping = class extends Living.Drawing {
  constructor(place) {
    super(place, "A window that steps over an image");
    this.filter = 3; // the strongest edge of the six
    this.begin(this.controls(place.dataset.work), this.pictures(), this.buttons(), this.numbers());
  }

  controls(first) {
    const el = Living.element;
    const works = ["convolution", "max pooling", "average pooling"];
    this.work = el("select", { onchange: () => this.anew() }, ...works.map((one) => el("option", { selected: one === first }, one)));
    const count = this.model.layers[0].outputs;
    this.filters = el("select", { onchange: () => { this.filter = Number(this.filters.value); this.anew(); } },
      ...Array.from({ length: count }, (_, i) => el("option", { value: i, selected: i === this.filter }, `${i + 1} of ${count}`)));
    return el("div", { className: "controls" }, el("label", {}, "what the window does ", this.work),
      el("label", {}, "filter ", this.filters), this.chooser());
  }

  pictures() {
    const el = Living.element;
    this.from = el("figure");
    this.to = el("figure");
    return el("div", { className: "both" }, this.from, el("span", { className: "arrow", "aria-hidden": "true" }, "→"), this.to);
  }

  buttons() {
    const el = Living.element;
    const button = (words, onclick) => el("button", { type: "button", onclick }, words);
    this.player = button("play", () => (this.timer ? this.pause() : this.play()));
    this.pace = el("select", { onchange: () => { if (this.timer) this.play(); } }, ...Object.keys(Living.PACES).map((one) => el("option", {}, one)));
    this.slider = el("input", { type: "range", min: 0, value: 0, "aria-label": "place of the window", oninput: () => this.go(Number(this.slider.value)) });
    return el("div", { className: "buttons" }, this.player,
      button("one step back", () => this.go(this.step - 1)), button("one step", () => this.go(this.step + 1)),
      button("from the start", () => this.go(0)), el("label", {}, "pace ", this.pace), this.slider);
  }

  numbers() {
    this.shown = Living.element("div", { className: "numbers" });
    return this.shown;
  }

  // before: what the window sees; after: the map, whole, of which some is shown
  worn() {
    const [input, conv, act] = this.steps, { layer } = conv, size = 784;
    if (this.work.value === "convolution") {
      const count = layer.kernel ** 2, from = this.filter * count;
      const one = { ...layer, weight: layer.weight.subarray(from, from + count), bias: [layer.bias[this.filter]] };
      this.before = input;
      this.after = { layer: one };
    } else {
      const values = act.values.subarray(this.filter * size, (this.filter + 1) * size);
      this.before = { values, shape: [1, 28, 28] };
      this.after = { layer: { kind: "pool", how: this.work.value.slice(0, 3) === "max" ? "max" : "avg" } };
    }
    const { kind } = this.after.layer;
    [this.after.values, this.after.shape] = Living.layers[kind]([this.before.values, this.before.shape], this.after.layer);
    this.canvases(kind === "conv" ? layer.padding : 0);
    this.step ??= this.middle();
    this.slider.max = this.after.values.length - 1;
  }

  canvases(frame) {
    const el = Living.element, side = 28 + 2 * frame, [, rows] = this.after.shape;
    this.frame = frame;
    this.left = Living.oneMap(side, side, 256 / side, { role: "img", "aria-label": "what the window sees" });
    this.right = Living.oneMap(rows, rows, 224 / rows, {
      tabIndex: 0, role: "application",
      "aria-label": "the map, as far as it is; the arrow keys move the window",
      onclick: (event) => { const at = this.right.at(event); if (at) this.go(at[1] * rows + at[2]); },
      onkeydown: (event) => this.key(event),
    });
    const of = frame ? `the image, 28×28, in a frame of ${frame} zeros` : `map ${this.filter + 1} of the first convolution, after ReLU, 28×28`;
    this.from.replaceChildren(this.left.whole, el("figcaption", {}, of));
    this.to.replaceChildren(this.right.whole, el("figcaption", {}, `the map, ${rows}×${rows}`));
  }

  // where the garment is: a picture that stands still shows something, too
  middle() {
    const [, rows, columns] = this.after.shape;
    return Math.floor((3 * rows) / 7) * columns + Math.floor((3 * columns) / 7);
  }

  anew() {
    this.pause();
    this.step = null;
    this.wear(this.label);
  }

  key(event) {
    const next = Living.moved([0, ...this.at()], event.key, this.after.shape, 1);
    if (!next || event.key.startsWith("Page")) return;
    event.preventDefault();
    this.go(next[1] * this.after.shape[2] + next[2]);
  }

  // by hand: what plays stops
  go(step) {
    this.pause();
    this.step = Math.max(0, Math.min(this.after.values.length - 1, step));
    this.redraw();
    this.say(`${this.where()}: ${this.sentence}.`);
  }

  play() {
    clearInterval(this.timer);
    if (this.step === this.after.values.length - 1) this.step = -1;
    this.timer = setInterval(() => {
      this.step++;
      this.redraw();
      if (this.step === this.after.values.length - 1) this.pause();
    }, Living.PACES[this.pace.value]);
    this.player.textContent = "pause";
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.player.textContent = "play";
  }

  at() {
    const columns = this.after.shape[2];
    return [Math.floor(this.step / columns), this.step % columns];
  }

  where() {
    const [row, column] = this.at();
    return `row ${row + 1}, column ${column + 1}`;
  }

  draw() {
    const { values, shape } = this.before, { frame } = this, [row, column] = this.at();
    const padded = Living.padded(values, shape, frame), conv = this.after.layer.kind === "conv";
    this.left.draw(conv ? padded.map((one) => 255 * one) : padded, Living.reach(values), conv);
    this.right.draw(this.after.values, Living.reach(this.after.values));
    this.right.blank(this.step + 1);
    for (const one of [this.left, this.right]) one.unmark();
    if (frame) this.left.mark("frame", { map: 0, row: frame, column: frame, side: 28 });
    const side = conv ? this.after.layer.kernel : 2, by = conv ? 1 : 2;
    this.left.mark("window", { map: 0, row: by * row, column: by * column, side });
    this.right.mark("here", { map: 0, row, column, side: 1 });
  }

  tell() {
    this.found = Living.explain([this.before, this.after], 1, [0, ...this.at()]);
    const { html, sentence } = Living.told(this.found, 0), [row, column] = this.at();
    this.sentence = sentence;
    this.shown.innerHTML = html;
    this.words.textContent = `Step ${this.step + 1} of ${this.after.values.length}, ${this.where()} of the map: ${Living.number(this.found.value)}.`;
    if (this.found.winner >= 0 && this.found.winner !== null) {
      const place = { row: 2 * row + (this.found.winner >> 1), column: 2 * column + (this.found.winner & 1) };
      this.left.mark("winner", { map: 0, ...place, side: 1 });
    }
    this.slider.value = this.step;
    this.slider.setAttribute("aria-valuetext", this.where());
  }
};

Living.start(".stepping-window", (place) => new Living.Stepping(place));
