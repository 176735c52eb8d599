// What the reader gives: one of 40 garments, and what is done to it.
"use strict";

Living.Input = class {
  // onChange(): the picture is another one
  constructor(onChange, id) {
    Object.assign(this, { onChange, id });
    const pixels = Living.bytes(Living.data.garments.pixels);
    this.garments = Living.data.garments.labels.map((label, i) => ({
      label,
      pixels: pixels.subarray(784 * i, 784 * (i + 1)),
    }));
    this.picture = new Living.Picture(this.garments[0].pixels);
    this.cursor = [13, 13];
    this.whole = Living.element("div", { className: "input" }, this.chooser(), this.table());
    this.choose(this.garments.length - 4); // an ankle boot, as in the chapters
  }

  chooser() {
    const el = Living.element, { classes } = Living.data;
    this.radios = [];
    const labels = this.garments.map(({ label, pixels }, i) => {
      const nth = 1 + this.garments.slice(0, i).filter((one) => one.label === label).length;
      const radio = el("input", {
        type: "radio", name: `${this.id}-garment`,
        "aria-label": `${classes[label]} ${nth}`, onchange: () => { this.choose(i); this.onChange(); },
      });
      const small = new Living.Maps([1, 28, 28], { "aria-hidden": "true" }, { across: 1, gap: 0, scale: 1 });
      small.draw(pixels, 255, true);
      small.canvas.style.width = "";
      this.radios.push(radio);
      return el("label", { title: classes[label] }, radio, small.canvas);
    });
    return el("fieldset", { className: "garments" }, el("legend", {}, "Choose a garment"), ...labels);
  }

  choose(i) {
    this.label = this.garments[i].label;
    this.chosen = i;
    this.radios[i].checked = true;
    this.picture.take(this.garments[i].pixels);
    this.followed();
  }

  table() {
    const el = Living.element;
    this.maps = new Living.Maps([1, 28, 28], {
      tabIndex: 0, role: "application",
      "aria-label": "The picture that both models get. The arrow keys move it; while drawing they move the pen, and the space bar draws.",
      onpointerdown: (event) => this.down(event), onpointermove: (event) => this.drag(event),
      onpointerup: () => { this.held = null; }, onpointercancel: () => { this.held = null; },
      onkeydown: (event) => this.key(event), onblur: () => this.mark(),
    }, { across: 1, gap: 0, scale: 8 });
    this.maps.canvas.classList.add("given");
    const mode = (value, words) => el("label", {}, el("input", {
      type: "radio", name: `${this.id}-mode`, value, checked: value === "move",
      onchange: () => { this.mode = value; this.maps.canvas.dataset.mode = value; },
    }), ` ${words}`);
    this.mode = "move";
    const modes = el("fieldset", { className: "modes" }, el("legend", {}, "Pointer and keys"),
      mode("move", "move"), mode("draw", "draw"), mode("wipe", "rub out"));
    this.sliders = {};
    const slider = (what, words, end) => {
      const id = `${this.id}-${what}`;
      const range = el("input", { id, type: "range", min: -end, max: end, step: 1, value: 0,
        oninput: () => this.set({ [what]: Number(range.value) }) });
      const output = el("output", { htmlFor: id }, "0");
      this.sliders[what] = { range, output };
      return el("div", { className: "slider" }, el("label", { htmlFor: id }, words), range, output);
    };
    const button = (words, what) => el("button", { type: "button", onclick: what }, words);
    const toggles = el("div", { className: "buttons" },
      button("mirror", () => this.set({ mirrored: !this.picture.mirrored })),
      button("invert", () => this.set({ inverted: !this.picture.inverted })),
      button("empty", () => { this.picture.take(new Float64Array(784)); this.label = null; this.set({}); }),
      button("as it was", () => { this.choose(this.chosen); this.onChange(); }));
    const tools = el("div", { className: "tools" }, modes,
      slider("right", "right", 14), slider("down", "down", 14), slider("turn", "turn", 180), toggles);
    return el("div", { className: "desk" }, this.maps.whole, tools);
  }

  set(changes) {
    Object.assign(this.picture, changes);
    this.followed();
    this.onChange();
  }

  // the sliders stand where the picture is
  followed() {
    for (const [what, { range, output }] of Object.entries(this.sliders)) {
      range.value = this.picture[what];
      output.textContent = `${Living.number(this.picture[what], 0)}${what === "turn" ? "°" : ""}`;
    }
  }

  shift(right, down) {
    const limit = (value) => Math.max(-14, Math.min(14, value));
    this.set({ right: limit(right), down: limit(down) });
  }

  dot(column, row) {
    this.picture.dot(column, row, this.mode === "draw");
    this.label = null;
    this.set({});
  }

  down(event) {
    const at = this.maps.at(event);
    if (!at) return;
    event.preventDefault();
    this.maps.canvas.focus({ focusVisible: false });
    this.maps.canvas.setPointerCapture(event.pointerId);
    const { right, down } = this.picture;
    this.held = { x: event.clientX, y: event.clientY, right, down };
    if (this.mode !== "move") this.dot(at[2], at[1]);
  }

  drag(event) {
    if (!this.held) return;
    if (this.mode !== "move") {
      const at = this.maps.at(event);
      if (at) this.dot(at[2], at[1]);
      return;
    }
    const pixel = this.maps.canvas.getBoundingClientRect().width / Living.SIDE;
    const moved = (now, then) => Math.round((now - then) / pixel);
    this.shift(this.held.right + moved(event.clientX, this.held.x), this.held.down + moved(event.clientY, this.held.y));
  }

  key(event) {
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (step && this.mode === "move")
      this.shift(this.picture.right + step[0], this.picture.down + step[1]);
    else if (step)
      this.cursor = this.cursor.map((one, i) => Math.max(0, Math.min(27, one + step[i])));
    else if (event.key === " " && this.mode !== "move") this.dot(...this.cursor);
    else return;
    event.preventDefault();
    this.mark();
  }

  // where the pen is, for those who draw with the keys
  mark() {
    this.maps.unmark();
    if (this.mode !== "move" && document.activeElement === this.maps.canvas)
      this.maps.mark("here", { map: 0, row: this.cursor[1], column: this.cursor[0], side: 1 });
  }

  draw(pixels) {
    this.maps.draw(pixels, 255, true);
  }
};
