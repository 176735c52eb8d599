// LeNet-5 with the shape of every layer, drawn with what the trained one makes of a garment.
"use strict";

Living.VALUE = 3; // pixels on the screen for a value of a map: all sides are to one scale
Living.behind = (maps) => (maps > 6 ? 3 : 6); // by so much a map is moved against the one before it

Living.LeNet = class extends Living.Drawing {
  constructor(place) {
    super(place, "LeNet-5, layer by layer: each button says the shape of a layer, and tells how it comes about");
    this.stages = [];
    this.row = Living.element("div", { className: "stages" });
    this.begin(Living.element("div", { className: "controls" }, this.chooser()), this.row);
  }

  // the layers, each with its ReLU, and the list between maps and fully connected layers
  worn() {
    const stages = [];
    const counts = { conv: 0, pool: 0, linear: 0 }, called = { conv: "conv", pool: "pool", linear: "fc" };
    this.steps.forEach((step, number) => {
      const { layer, shape } = step, before = this.steps[number - 1];
      if (layer.kind === "act") return Object.assign(stages[stages.length - 1], { step });
      if (layer.kind === "linear" && !counts.linear) {
        const [maps, rows, columns] = before.shape, count = maps * rows * columns;
        const words = `the ${maps} maps of ${rows}×${columns}, row after row, as one list of ${count} numbers. Nothing is computed.`;
        stages.push({ name: "flatten", words, step: { values: before.values, shape: [count, 1, 1] } });
      }
      const name = number ? `${called[layer.kind]}${++counts[layer.kind]}` : "image";
      const words = Living.LENET[layer.kind](layer, shape, before?.shape);
      stages.push({ name, words, step });
    });
    const chosen = this.stages.indexOf(this.chosen);
    this.stages = stages;
    this.chosen = stages[Math.max(chosen, 0) || 1];
    this.buttons = stages.map((stage) => this.button(stage));
    const focused = this.row.contains(document.activeElement);
    this.row.replaceChildren(...this.buttons);
    if (focused) this.buttons[this.stages.indexOf(this.chosen)].focus();
  }

  button(stage) {
    const el = Living.element, look = () => this.look(stage);
    const [maps, rows, columns] = stage.step.shape;
    stage.canvas = el("canvas", { "aria-hidden": "true" });
    return el("button", { type: "button", className: "stage", onclick: look, onfocus: look, onpointerenter: look },
      stage.canvas, el("b", {}, stage.name), el("span", {}, rows * columns > 1 ? `${maps} of ${rows}×${columns}` : maps));
  }

  look(stage) {
    this.chosen = stage;
    this.tell();
    this.say(this.words.textContent);
  }

  draw() {
    for (const { canvas, step, name } of this.stages)
      (step.shape[1] > 1 ? Living.stack : Living.list)(canvas, step, name === "image" && this.pixels);
  }

  tell() {
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", this.stages[i] === this.chosen));
    const logits = Array.from(Living.logits(this.steps)), { classes } = Living.drawings;
    const answer = classes[logits.indexOf(Math.max(...logits))];
    const end = this.chosen === this.stages[this.stages.length - 1] ? ` The largest of them says: ${answer}.` : "";
    this.words.textContent = `${this.chosen.name}: ${this.chosen.words}${end}`;
  }
};

// what there is to say of a layer: how it comes about, its parameters, its multiplications
Living.LENET = {
  input: () => "28×28 grey levels, divided by 255, so that black is 0 and white is 1.",
  conv({ kernel, padding, inputs, outputs, bias }, [, rows, columns], before) {
    const each = inputs * kernel * kernel, all = outputs * rows * columns;
    const frame = padding ? `, over ${before[1]}×${before[2]} in a frame of ${padding} zeros` : `, over ${before[1]}×${before[2]}`;
    return `${outputs} filters of ${inputs > 1 ? `${inputs} times ` : ""}${kernel}×${kernel} weights and a bias each${frame}, then ReLU. `
      + `${outputs} · (${each} + 1) = ${Living.whole(outputs * each + bias.length)} parameters; `
      + `${Living.whole(all)} numbers of ${each} products each: ${Living.whole(all * each)} multiplications.`;
  },
  pool: ({ how }, [, rows, columns], before) =>
    `of each window of 2×2 ${how === "max" ? "the largest" : "the mean"}, so ${before[1]}×${before[2]} become ${rows}×${columns}. No parameters.`,
  linear({ inputs, outputs, bias }) {
    const relu = outputs > 10 ? ", then ReLU" : ": the logits, one for each class";
    return `each of its ${outputs} numbers is a sum of all ${inputs} before it, each times a weight of its own, and a bias${relu}. `
      + `${outputs} · (${inputs} + 1) = ${Living.whole(inputs * outputs + bias.length)} parameters; ${Living.whole(inputs * outputs)} multiplications.`;
  },
};

Living.whole = (number) => number.toLocaleString("en-GB");

// maps one behind the other, the first in front
Living.stack = function (canvas, { values, shape: [maps, rows, columns] }, grey) {
  const drawn = new Living.Maps([maps, rows, columns], {}, { across: 1, gap: 0, scale: 1 });
  drawn.draw(grey || values, Living.reach(values), Boolean(grey));
  const wide = columns * Living.VALUE, high = rows * Living.VALUE, by = Living.behind(maps), deep = (maps - 1) * by;
  Object.assign(canvas, { width: wide + deep + 2, height: high + deep + 2 });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  for (let map = maps - 1; map >= 0; map--) {
    const x = map * by + 1, y = (maps - 1 - map) * by + 1;
    context.fillStyle = Living.isDark() ? "#6a7480" : "#9aa2ab";
    context.fillRect(x - 1, y - 1, wide + 2, high + 2);
    context.drawImage(drawn.small, 0, map * rows, columns, rows, x, y, wide, high);
  }
};

// numbers in columns of at most 40
Living.list = function (canvas, { values, shape: [count] }) {
  const rows = Math.min(count, 40), columns = Math.ceil(count / rows);
  const size = count > 10 ? Living.VALUE : 3 * Living.VALUE, reach = Living.reach(values);
  Object.assign(canvas, { width: columns * size + 2, height: rows * size + 2 });
  const context = canvas.getContext("2d"), colours = Living.colours();
  context.fillStyle = Living.isDark() ? "#6a7480" : "#9aa2ab";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < count; i++) {
    const [r, g, b] = colours.subarray(3 * Living.index(values[i], reach));
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(Math.floor(i / rows) * size + 1, (i % rows) * size + 1, size, size);
  }
};

Living.start(".lenet-drawing", (place) => new Living.LeNet(place));
