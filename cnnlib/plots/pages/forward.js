// A trained network, computed in the page: five kinds of layers, and each is a few loops.
// What a layer takes and gives are maps: numbers row after row, one map after the other, and a
// shape [maps, rows, columns]. A list of n numbers has the shape [n, 1, 1].
"use strict";

Living.layers = {
  // every map: a filter over a window of all the maps before, at each place
  conv([values, [maps, rows, columns]], { weight, bias, kernel, padding }) {
    const padded = Living.padded(values, [maps, rows, columns], padding);
    const width = columns + 2 * padding, height = rows + 2 * padding;
    const shape = [bias.length, height - kernel + 1, width - kernel + 1];
    const given = new Float64Array(shape[0] * shape[1] * shape[2]);
    let at = 0;
    for (let filter = 0; filter < shape[0]; filter++)
      for (let row = 0; row < shape[1]; row++)
        for (let column = 0; column < shape[2]; column++) {
          let sum = bias[filter], one = filter * maps * kernel * kernel;
          for (let map = 0; map < maps; map++)
            for (let down = 0; down < kernel; down++) {
              const start = (map * height + row + down) * width + column;
              for (let right = 0; right < kernel; right++)
                sum += padded[start + right] * weight[one++];
            }
          given[at++] = sum;
        }
    return [given, shape];
  },

  // batch norm in use: each map less its mean in training, over its standard deviation
  norm([values, shape], { mean, variance, weight, bias, eps }) {
    const size = shape[1] * shape[2];
    const given = values.map((value, i) => {
      const map = Math.floor(i / size);
      return (value - mean[map]) / Math.sqrt(variance[map] + eps) * weight[map] + bias[map];
    });
    return [given, shape];
  },

  // ReLU (slope 0) or LeakyReLU
  act([values, shape], { slope }) {
    return [values.map((value) => (value > 0 ? value : slope * value)), shape];
  },

  // of each window of 2×2 the largest value, or the mean
  pool([values, [maps, rows, columns]], { how }) {
    const shape = [maps, rows >> 1, columns >> 1];
    const given = new Float64Array(shape[0] * shape[1] * shape[2]);
    let at = 0;
    for (let map = 0; map < maps; map++)
      for (let row = 0; row < shape[1]; row++)
        for (let column = 0; column < shape[2]; column++) {
          const first = (map * rows + 2 * row) * columns + 2 * column;
          const a = values[first], b = values[first + 1];
          const c = values[first + columns], d = values[first + columns + 1];
          given[at++] = how === "max" ? Math.max(a, b, c, d) : (a + b + c + d) / 4;
        }
    return [given, shape];
  },

  // every number: all numbers before, each times a weight of its own
  linear([values], { weight, bias }) {
    const given = Float64Array.from(bias);
    let one = 0;
    for (let unit = 0; unit < given.length; unit++)
      for (let i = 0; i < values.length; i++) given[unit] += values[i] * weight[one++];
    return [given, [given.length, 1, 1]];
  },
};

// the maps in a frame of zeros
Living.padded = function (values, [maps, rows, columns], padding) {
  const width = columns + 2 * padding, height = rows + 2 * padding;
  const framed = new Float64Array(maps * height * width);
  for (let map = 0; map < maps; map++)
    for (let row = 0; row < rows; row++) {
      const from = (map * rows + row) * columns;
      const line = values.subarray(from, from + columns);
      framed.set(line, (map * height + row + padding) * width + padding);
    }
  return framed;
};

// pixels: 784 grey levels, 0 to 255. Gives a step for the input and one for each layer; the
// values of the last one are the logits.
Living.forward = function (model, pixels) {
  const input = Float64Array.from(pixels, (grey) => (grey / 255 - model.mean) / model.std);
  const steps = [{ layer: { kind: "input", name: "input" }, values: input, shape: [1, 28, 28] }];
  let maps = [input, [1, 28, 28]];
  for (const layer of model.layers) {
    maps = Living.layers[layer.kind](maps, layer);
    steps.push({ layer, values: maps[0], shape: maps[1] });
  }
  return steps;
};

Living.logits = (steps) => steps[steps.length - 1].values;

Living.probabilities = function (logits) {
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};

Living.bytes = function (text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
};

// the model with its weights as numbers: they are unpacked when it is first asked for
Living.unpacked = function (model) {
  for (const layer of model.layers)
    if (typeof layer.weight === "string") {
      const bytes = Living.bytes(layer.weight);
      layer.weight = Float64Array.from({ length: bytes.length / 3 }, (_, i) => {
        const whole = bytes[3 * i] | (bytes[3 * i + 1] << 8) | (bytes[3 * i + 2] << 16);
        return ((whole << 8) >> 8) * layer.step; // the sign of 24 bits
      });
    }
  return model;
};
Living.model = (name) => Living.unpacked(Living.data.models.find((one) => one.name === name));

Living.TITLES = {
  conv: () => "Convolution",
  norm: () => "Batch norm",
  act: ({ slope }) => (slope ? "LeakyReLU" : "ReLU"),
  pool: ({ how }) => (how === "max" ? "Max pooling" : "Average pooling"),
  linear: () => "Fully connected",
};

Living.title = (layer) => Living.TITLES[layer.kind](layer);
Living.size = ([maps, rows, columns]) =>
  rows * columns === 1 ? `${maps} numbers` : `${maps} of ${rows}×${columns}`;
