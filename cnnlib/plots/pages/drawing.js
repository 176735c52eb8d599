// Elements, colours and canvases: every number is one pixel, which the style sheet makes large.
"use strict";

Living.element = function (tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  made.append(...children);
  return made;
};

// all places of a kind begin to live once the page can be read: nobody waits for what they compute
Living.start = function (kind, make) {
  const all = () => document.querySelectorAll(kind).forEach(make);
  if (document.readyState === "complete") all();
  else addEventListener("DOMContentLoaded", () => setTimeout(all));
};

// Colours ------------------------------------------------------------------------------------

// dark as the page says (the book), as JupyterLab around us says, or as the system says
Living.isDark = function () {
  const own = document.documentElement.dataset.theme;
  if (own) return own === "dark";
  try {
    const lab = window.parent.document.body.dataset.jpThemeLight;
    if (lab) return lab === "false";
  } catch {} // a frame of another origin
  return matchMedia("(prefers-color-scheme: dark)").matches;
};

// below 0 blue, above 0 red, and 0 itself is the paper: -255 to 255 of the reach
Living.ENDS = {
  light: { zero: [255, 255, 255], below: [[146, 197, 222], [23, 86, 156]], above: [[244, 165, 130], [168, 18, 40]] },
  dark: { zero: [18, 21, 26], below: [[32, 92, 158], [128, 196, 255]], above: [[164, 58, 38], [255, 176, 140]] },
};

Living.tables = {};
Living.colours = function () {
  const scheme = Living.isDark() ? "dark" : "light";
  if (Living.tables[scheme]) return Living.tables[scheme];
  const { zero, below, above } = Living.ENDS[scheme];
  const table = new Uint8ClampedArray(511 * 3);
  for (let i = 0; i <= 510; i++) {
    const part = Math.abs(i - 255) / 255;
    const [middle, end] = i < 255 ? below : above;
    for (let c = 0; c < 3; c++) {
      const mixed = part < 0.5
        ? zero[c] + (middle[c] - zero[c]) * 2 * part
        : middle[c] + (end[c] - middle[c]) * (2 * part - 1);
      table[3 * i + c] = mixed;
    }
  }
  return (Living.tables[scheme] = table);
};

Living.index = (value, reach) =>
  255 + Math.round(255 * Math.max(-1, Math.min(1, reach ? value / reach : 0)));

// background and letters of a cell that shows a value
Living.cellStyle = function (value, reach) {
  const i = 3 * Living.index(value, reach);
  const [r, g, b] = Living.colours().subarray(i, i + 3);
  const linear = [r, g, b].map((c) => (c / 255) ** 2.2);
  const bright = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return `background: rgb(${r} ${g} ${b}); color: ${bright > 0.18 ? "#000" : "#fff"}`;
};

Living.reach = function (values) {
  let reach = 0;
  for (const value of values) reach = Math.max(reach, Math.abs(value));
  return reach;
};

// Maps ---------------------------------------------------------------------------------------

// how many maps stand side by side, how large a value is and how wide a gap, in pixels of the page
Living.arranged = function ([maps, rows, columns]) {
  if (rows * columns === 1) {
    let across = Math.min(maps, 30);
    while (maps % across) across--;
    return { across, gap: 0, scale: 13 };
  }
  const most = Math.min(8, Math.floor(390 / (2 * columns + 2))); // each value has 2 pixels at least
  const across = maps <= most ? maps : maps <= 32 ? most : Math.ceil(maps / 4);
  const room = (390 - 2 * (across + 1)) / across;
  return { across, gap: 2, scale: Math.max(1, Math.floor(Math.min(room, 60) / columns)) };
};

// All maps of a layer on one canvas, and boxes upon it.
Living.Maps = class {
  constructor(shape, properties = {}, arranged = Living.arranged(shape)) {
    Object.assign(this, arranged, { shape });
    const [maps, rows, columns] = shape;
    this.wide = columns * this.scale + this.gap;
    this.high = rows * this.scale + this.gap;
    this.canvas = Living.element("canvas", properties);
    this.canvas.width = this.across * this.wide + this.gap;
    this.canvas.height = Math.ceil(maps / this.across) * this.high + this.gap;
    this.boxes = Living.element("div", { className: "boxes" });
    this.whole = Living.element("div", { className: "maps" }, this.canvas, this.boxes);
    // a pixel for each value, map below map, from which the canvas is drawn
    this.small = Living.element("canvas", { width: columns, height: maps * rows });
    this.pixels = this.small.getContext("2d").createImageData(columns, maps * rows);
  }

  corner(map) {
    const x = (map % this.across) * this.wide + this.gap;
    return [x, Math.floor(map / this.across) * this.high + this.gap];
  }

  // values of both signs, or grey levels from 0 to 255
  draw(values, reach, grey = false) {
    const { data } = this.pixels, colours = Living.colours();
    for (let i = 0; i < values.length; i++) {
      const colour = grey ? 0 : 3 * Living.index(values[i], reach);
      for (let c = 0; c < 3; c++) data[4 * i + c] = grey ? values[i] : colours[colour + c];
      data[4 * i + 3] = 255;
    }
    this.small.getContext("2d").putImageData(this.pixels, 0, 0);
    const [maps, rows, columns] = this.shape, { canvas, scale } = this;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.fillStyle = Living.isDark() ? "#49515b" : "#c9ced4";
    for (let map = 0; map < maps; map++) {
      const [x, y] = this.corner(map), size = [columns * scale, rows * scale];
      if (this.gap) context.fillRect(x - 1, y - 1, size[0] + 2, size[1] + 2);
      context.drawImage(this.small, 0, map * rows, columns, rows, x, y, ...size);
    }
  }

  // [map, row, column] under the pointer, or null between the maps
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * this.canvas.width - this.gap;
    const y = ((event.clientY - box.top) / box.height) * this.canvas.height - this.gap;
    const [maps, rows, columns] = this.shape;
    const across = Math.floor(x / this.wide), map = Math.floor(y / this.high) * this.across + across;
    const row = Math.floor((y % this.high) / this.scale);
    const column = Math.floor((x % this.wide) / this.scale);
    const inside = x >= 0 && y >= 0 && across < this.across && map < maps;
    return inside && row < rows && column < columns ? [map, row, column] : null;
  }

  unmark() {
    this.boxes.replaceChildren();
  }

  // nothing is drawn yet of the values from `first` on, of the first map
  blank(first) {
    const [, rows, columns] = this.shape, [left, top] = this.corner(0), { scale } = this;
    const row = Math.floor(first / columns), begun = first % columns;
    const context = this.canvas.getContext("2d");
    context.clearRect(left + begun * scale, top + row * scale, (columns - begun) * scale, scale);
    context.clearRect(left, top + (row + 1) * scale, columns * scale, (rows - row - 1) * scale);
  }

  // a box around some values of a map; what would lie outside the map is cut off
  mark(kind, { map, row, column, side, high = side }) {
    const [, rows, columns] = this.shape, [left, top] = this.corner(map);
    const from = [Math.max(0, column), Math.max(0, row)];
    const to = [Math.min(columns, column + side), Math.min(rows, row + high)];
    const { width, height } = this.canvas, { scale } = this;
    const box = Living.element("div", { className: `box ${kind}` });
    box.style.left = `${(100 * (left + from[0] * scale)) / width}%`;
    box.style.top = `${(100 * (top + from[1] * scale)) / height}%`;
    box.style.width = `${(100 * (to[0] - from[0]) * scale) / width}%`;
    box.style.height = `${(100 * (to[1] - from[1]) * scale) / height}%`;
    this.boxes.append(box);
  }
};

// the place to which a key leads, within the maps; null for other keys
Living.moved = function ([map, row, column], key, [maps, rows, columns], across) {
  const lists = rows * columns === 1; // numbers in lines: the keys go from one to the next
  const limit = (value, count) => Math.max(0, Math.min(count - 1, value));
  const keys = {
    ArrowLeft: lists ? [map - 1, 0, 0] : [map, row, column - 1],
    ArrowRight: lists ? [map + 1, 0, 0] : [map, row, column + 1],
    ArrowUp: lists ? [map - across, 0, 0] : [map, row - 1, column],
    ArrowDown: lists ? [map + across, 0, 0] : [map, row + 1, column],
    PageUp: [map - 1, row, column],
    PageDown: [map + 1, row, column],
  };
  const to = keys[key];
  return to ? [limit(to[0], maps), limit(to[1], rows), limit(to[2], columns)] : null;
};
