// The picture that the networks are given: a garment, moved, turned, mirrored, inverted, drawn on.
"use strict";

Living.SIDE = 28;
Living.STILL = { right: 0, down: 0, turn: 0, mirrored: false, inverted: false };

Living.Picture = class {
  constructor(pixels) {
    this.take(pixels);
  }

  // 784 grey levels, 0 to 255; as they are, until somebody changes them
  take(pixels) {
    this.base = Float64Array.from(pixels);
    Object.assign(this, Living.STILL);
  }

  // the pixels as they are now: each looks up where it came from
  pixels() {
    const side = Living.SIDE, middle = (side - 1) / 2;
    const angle = (this.turn * Math.PI) / 180;
    const cos = Math.cos(angle), sin = Math.sin(angle);
    const given = new Float64Array(side * side);
    for (let row = 0; row < side; row++)
      for (let column = 0; column < side; column++) {
        const across = column - middle - this.right, along = row - middle - this.down;
        const x = cos * across + sin * along, y = cos * along - sin * across;
        const grey = this.between(middle + (this.mirrored ? -x : x), middle + y);
        given[row * side + column] = this.inverted ? 255 - grey : grey;
      }
    return given;
  }

  // the grey level at a place between pixels; outside, all is black
  between(x, y) {
    const side = Living.SIDE;
    const left = Math.floor(x + 1e-9), top = Math.floor(y + 1e-9);
    const at = (column, row) =>
      column < 0 || row < 0 || column >= side || row >= side ? 0 : this.base[row * side + column];
    const far = Math.max(0, x - left), low = Math.max(0, y - top);
    const upper = at(left, top) * (1 - far) + at(left + 1, top) * far;
    const lower = at(left, top + 1) * (1 - far) + at(left + 1, top + 1) * far;
    return upper * (1 - low) + lower * low;
  }

  // a soft dot of white, or of black, on the picture as it is now
  dot(column, row, white) {
    if (Object.keys(Living.STILL).some((key) => this[key] !== Living.STILL[key]))
      this.take(this.pixels());
    const side = Living.SIDE;
    for (let y = Math.max(0, row - 2); y <= Math.min(side - 1, row + 2); y++)
      for (let x = Math.max(0, column - 2); x <= Math.min(side - 1, column + 2); x++) {
        const strength = Math.max(0, Math.min(1, 1.9 - Math.hypot(x - column, y - row)));
        const i = y * side + x;
        const wanted = white ? 255 * strength : 255 * (1 - strength);
        this.base[i] = white ? Math.max(this.base[i], wanted) : Math.min(this.base[i], wanted);
      }
  }
};
