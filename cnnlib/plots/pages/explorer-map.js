// A map of images: a point for each, with the colour and the shape of its class.
"use strict";

Living.SIZE = 1000; // of the canvas, in its own pixels; the style sheet gives it its place
Living.ROOM = 30;

// corners of a shape around 0, 0, by matplotlib's name for it; null for the circle
Living.corners = function (marker, r) {
  const ring = (count, turn, radius = () => r) => Array.from({ length: count }, (_, i) => {
    const angle = 2 * Math.PI * (i / count + turn);
    return [radius(i) * Math.cos(angle), radius(i) * Math.sin(angle)];
  });
  const t = r / 2.6;
  const cross = [[-r, -t], [-t, -t], [-t, -r], [t, -r], [t, -t], [r, -t], [r, t], [t, t], [t, r], [-t, r], [-t, t], [-r, t]];
  const turned = (points) => points.map(([x, y]) => [(x - y) * 0.75, (x + y) * 0.75]);
  const shapes = {
    s: () => [[-0.85 * r, -0.85 * r], [0.85 * r, -0.85 * r], [0.85 * r, 0.85 * r], [-0.85 * r, 0.85 * r]],
    "^": () => ring(3, -0.25), v: () => ring(3, 0.25), "<": () => ring(3, 0.5), ">": () => ring(3, 0),
    D: () => ring(4, 0), P: () => cross, X: () => turned(cross),
    "*": () => ring(10, -0.25, (i) => (i % 2 ? 0.5 * r : 1.15 * r)),
  };
  return shapes[marker]?.() ?? null;
};

Living.shape = function (context, marker, x, y, r) {
  const corners = Living.corners(marker, r);
  context.beginPath();
  if (!corners) context.arc(x, y, 0.9 * r, 0, 2 * Math.PI);
  else corners.forEach(([a, b], i) => context[i ? "lineTo" : "moveTo"](x + a, y + b));
  context.closePath();
};

Living.ImageMap = class {
  // points: for each map [x, y, x, y, …], 0 to 1; labels and wrong: one for each image
  constructor({ points, labels, wrong }, properties) {
    Object.assign(this, { all: points, labels, wrong, now: points[0] });
    this.canvas = Living.element("canvas", { width: Living.SIZE, height: Living.SIZE, ...properties });
    // the class that the story is about comes last, and lies on top
    const top = Living.explorer.top;
    this.order = [...labels.keys()].sort((a, b) => (labels[a] === top) - (labels[b] === top));
  }

  at(i) {
    const reach = Living.SIZE - 2 * Living.ROOM;
    return [Living.ROOM + reach * this.now[2 * i], Living.ROOM + reach * (1 - this.now[2 * i + 1])];
  }

  // shown: which images (bool each); ringed: whether the wrong ones are;
  // looked, chosen: an image or null; near: neighbours of chosen
  draw({ shown, ringed, looked, chosen, near }) {
    const context = this.canvas.getContext("2d"), dark = Living.isDark();
    const ink = dark ? "#fff" : "#000", pale = dark ? "#343b44" : "#dcdfe3";
    const { colours, markers } = Living.explorer;
    context.clearRect(0, 0, Living.SIZE, Living.SIZE);
    for (const i of this.order) if (!shown[i]) this.dot(context, i, pale);
    for (const i of this.order) {
      if (!shown[i]) continue;
      const [x, y] = this.at(i), k = this.labels[i];
      Living.shape(context, markers[k], x, y, 8.5);
      context.fillStyle = colours[k];
      context.fill();
      context.lineWidth = 1;
      context.strokeStyle = dark ? "#000" : "#333";
      context.stroke();
      if (this.wrong[i] && ringed) this.ring(context, i, 11, 1.5, ink);
    }
    for (const i of near) this.line(context, chosen, i, ink);
    for (const i of near) this.ring(context, i, 15, 4, "#00a050");
    if (chosen !== null) this.ring(context, chosen, 19, 6, "#00a050");
    if (looked !== null) this.ring(context, looked, 22, 4, ink);
  }

  dot(context, i, colour) {
    const [x, y] = this.at(i);
    context.fillStyle = colour;
    context.fillRect(x - 3, y - 3, 6, 6);
  }

  ring(context, i, radius, width, colour) {
    const [x, y] = this.at(i);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }

  line(context, from, to, colour) {
    context.beginPath();
    context.moveTo(...this.at(from));
    context.lineTo(...this.at(to));
    context.lineWidth = 2;
    context.strokeStyle = colour;
    context.stroke();
  }

  // the nearest of the shown images to a place of the canvas, within `reach`; else null
  nearest([x, y], shown, reach) {
    let best = null, least = reach;
    for (const i of this.order) {
      const [a, b] = this.at(i), distance = Math.hypot(a - x, b - y);
      if (shown[i] && distance < least) [best, least] = [i, distance];
    }
    return best;
  }

  // the nearest of the shown images in a direction: within 45 degrees of it
  next(i, [right, down], shown) {
    const [x, y] = this.at(i);
    let best = i, least = Infinity;
    for (const j of this.order) {
      const [a, b] = this.at(j), along = (a - x) * right + (b - y) * down;
      const across = Math.abs((a - x) * down) + Math.abs((b - y) * right);
      const distance = Math.hypot(a - x, b - y);
      if (shown[j] && j !== i && along > 0 && across <= along && distance < least)
        [best, least] = [j, distance];
    }
    return best;
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top].map((one) => (one / box.width) * Living.SIZE);
  }
};
