// A map to explore: point at an image to see it, click to see its ten nearest, filter, switch maps.
"use strict";

Living.SIDE = 28;
Living.unpack = (text, kind) =>
  new kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

Living.Explorer = class {
  constructor(place, number) {
    const el = Living.element, { dataset } = place;
    Object.assign(this, { place, id: `explorer-${number}`, looked: null, chosen: null });
    this.names = JSON.parse(dataset.maps);
    this.labels = Living.unpack(dataset.labels, Uint8Array);
    this.says = Living.unpack(dataset.says, Uint8Array);
    this.positions = Living.unpack(dataset.positions, Uint16Array);
    this.near = Living.unpack(dataset.near, Uint16Array);
    const count = this.labels.length, flat = Living.unpack(dataset.points, Uint16Array);
    const points = this.names.map((_, m) =>
      Float64Array.from(flat.subarray(2 * count * m, 2 * count * (m + 1)), (one) => one / 65535));
    this.wrong = Array.from(this.labels, (label, i) => label !== this.says[i]);
    this.map = new Living.ImageMap({ points, labels: this.labels, wrong: this.wrong }, {
      tabIndex: 0, role: "application",
      "aria-label": `Map of ${count} images. The arrow keys go from image to image, Enter shows the ten nearest, Escape lets go.`,
      onpointermove: (event) => this.look(this.map.nearest(this.map.place(event), this.shown, 40)),
      onclick: (event) => this.choose(this.map.nearest(this.map.place(event), this.shown, 40)),
      onkeydown: (event) => this.key(event),
    });
    this.own = Living.unpack(Living.explorer.positions, Uint16Array);
    this.sheet = el("img", { onload: () => this.tell(), src: Living.explorer.sheet });
    this.side = el("div", { className: "side" });
    this.spoken = el("p", { className: "spoken", role: "status" });
    this.count = el("p", { className: "count" });
    place.replaceChildren(this.controls(), el("div", { className: "both" }, this.map.canvas, this.side), this.count, this.spoken);
    new MutationObserver(() => this.draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.filter();
    this.tell();
    place.explorer = this;
  }

  controls() {
    const el = Living.element, { classes, colours, markers } = Living.explorer;
    const maps = this.names.map((name, m) => el("label", {}, el("input", {
      type: "radio", name: `${this.id}-map`, checked: m === this.names.length - 1,
      onchange: () => { this.map.now = this.map.all[m]; this.draw(); },
    }), ` ${name}`));
    this.map.now = this.map.all[this.names.length - 1];
    this.boxes = classes.map((name, k) => {
      const box = el("input", { type: "checkbox", checked: true, onchange: () => this.filter() });
      const key = el("canvas", { width: 26, height: 26, className: "key", "aria-hidden": "true" });
      const context = key.getContext("2d");
      Living.shape(context, markers[k], 13, 13, 10);
      Object.assign(context, { fillStyle: colours[k], strokeStyle: "#333", lineWidth: 1.5 });
      context.fill();
      context.stroke();
      return { box, label: el("label", {}, box, key, ` ${name}`) };
    });
    this.only = el("input", { type: "checkbox", onchange: () => this.filter() });
    const all = (checked) => () => { for (const { box } of this.boxes) box.checked = checked; this.filter(); };
    const button = (words, what) => el("button", { type: "button", onclick: what }, words);
    return el("div", { className: "controls" },
      el("fieldset", {}, el("legend", {}, "Map of"), ...maps),
      el("fieldset", {}, el("legend", {}, "Classes"), ...this.boxes.map((one) => one.label),
        button("all", all(true)), button("none", all(false))),
      el("label", {}, this.only, " wrong only"));
  }

  filter() {
    this.shown = Array.from(this.labels, (k, i) =>
      this.boxes[k].box.checked && (this.wrong[i] || !this.only.checked));
    const wrong = this.wrong.filter((one, i) => one && this.shown[i]).length;
    this.count.textContent = `${this.shown.filter(Boolean).length} of ${this.labels.length} images are shown; ${wrong} of them the network gets wrong${this.only.checked ? "" : " (ringed)"}.`;
    this.draw();
  }

  draw() {
    this.place.dataset.scheme = Living.isDark() ? "dark" : "light";
    const near = this.chosen === null ? [] : this.tenOf(this.chosen);
    const ringed = !this.only.checked; // where all are wrong, rings would say nothing
    this.map.draw({ shown: this.shown, ringed, looked: this.looked, chosen: this.chosen, near });
  }

  tenOf(i) {
    const each = this.near.length / this.labels.length;
    return [...this.near.subarray(each * i, each * (i + 1))];
  }

  look(i) {
    if (i === null || i === this.looked) return;
    this.looked = i;
    this.draw();
    this.tell();
  }

  choose(i) {
    this.chosen = i;
    if (i !== null) this.looked = i;
    this.draw();
    this.tell();
  }

  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const from = this.looked !== null && this.shown[this.looked] ? this.looked : null;
    const middle = [Living.SIZE / 2, Living.SIZE / 2];
    if (ways[event.key])
      this.look(from === null ? this.map.nearest(middle, this.shown, Infinity) : this.map.next(from, ways[event.key], this.shown));
    else if (event.key === "Enter" || event.key === " ") this.choose(from);
    else if (event.key === "Escape") this.choose(null);
    else return;
    event.preventDefault();
    this.spoken.textContent = this.words();
  }

  sentence(i) {
    const { classes } = Living.explorer;
    const found = this.wrong[i] ? `the network says ${classes[this.says[i]]}` : "so says the network";
    return `${classes[this.labels[i]]}, ${found}`;
  }

  words() {
    if (this.looked === null) return "";
    if (this.chosen !== this.looked) return `${this.sentence(this.looked)}.`;
    const { classes } = Living.explorer, ten = this.tenOf(this.chosen);
    const same = ten.filter((i) => this.labels[i] === this.labels[this.chosen]).length;
    return `${this.sentence(this.looked)}. ${same} of its ${ten.length} nearest are of its class: ${ten.map((i) => classes[this.labels[i]]).join(", ")}.`;
  }

  // of one of the ten: coat, or coat → dress
  short(i) {
    const { classes } = Living.explorer;
    return classes[this.labels[i]] + (this.wrong[i] ? ` → ${classes[this.says[i]]}` : "");
  }

  picture(i, scale, words) {
    const el = Living.element, side = Living.SIDE;
    const canvas = el("canvas", { width: side * scale, height: side * scale, "aria-hidden": "true" });
    const own = this.own.indexOf(this.positions[i]), { across } = Living.explorer;
    const from = [side * (own % across), side * Math.floor(own / across), side, side];
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    if (own >= 0 && this.sheet.complete) context.drawImage(this.sheet, ...from, 0, 0, canvas.width, canvas.height);
    const kind = this.wrong[i] ? "wrong" : "right";
    return el("figure", { className: kind }, canvas, el("figcaption", {}, words));
  }

  tell() {
    const el = Living.element;
    if (this.looked === null) {
      this.side.replaceChildren(el("p", {}, "Point at an image, or go to one with the arrow keys. Click it, or press Enter: its ten nearest in the 84 numbers are marked, on whichever map."));
      return;
    }
    const parts = [this.picture(this.looked, 5, this.sentence(this.looked))];
    if (this.chosen !== null) {
      const of = this.chosen === this.looked ? "Its" : "The chosen image's";
      const ten = this.tenOf(this.chosen).map((i) => this.picture(i, 2, this.short(i)));
      parts.push(el("p", {}, `${of} ten nearest, nearest first (→ what the network says, if that is wrong):`), el("div", { className: "ten" }, ...ten));
    }
    this.side.replaceChildren(...parts);
  }
};

Living.start(".map-explorer", (place, i) => new Living.Explorer(place, i));
