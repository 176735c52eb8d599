// How one value came about: the window that it saw, and what was done with it.
"use strict";

// steps: of Living.forward; place: [map, row, column] in step `number`
Living.explain = function (steps, number, place) {
  const { layer, values, shape } = steps[number];
  const before = steps[number - 1];
  const value = values[(place[0] * shape[1] + place[1]) * shape[2] + place[2]];
  const told = Living.explanations[layer.kind]?.(before, layer, place) ?? {};
  return { kind: layer.kind, layer, place, value, ...told };
};

Living.explanations = {
  conv({ values, shape }, { weight, bias, kernel, padding }, [filter, row, column]) {
    const parts = [];
    for (let map = 0; map < shape[0]; map++) {
      const window = [], filters = [], products = [];
      for (let i = 0; i < kernel * kernel; i++) {
        const down = row + Math.floor(i / kernel) - padding, right = column + (i % kernel) - padding;
        const inside = down >= 0 && down < shape[1] && right >= 0 && right < shape[2];
        window.push(inside ? values[(map * shape[1] + down) * shape[2] + right] : 0);
        filters.push(weight[(filter * shape[0] + map) * kernel * kernel + i]);
        products.push(window[i] * filters[i]);
      }
      parts.push({ map, window, filter: filters, products, sum: Living.sum(products) });
    }
    const seen = { row: row - padding, column: column - padding, side: kernel };
    return { parts, bias: bias[filter], side: kernel, seen };
  },

  norm({ values, shape }, { mean, variance, weight, bias, eps }, [map, row, column]) {
    const input = values[(map * shape[1] + row) * shape[2] + column];
    const deviation = Math.sqrt(variance[map] + eps);
    const seen = { map, row, column, side: 1 };
    return { input, mean: mean[map], deviation, weight: weight[map], bias: bias[map], seen };
  },

  act({ values, shape }, { slope }, [map, row, column]) {
    const input = values[(map * shape[1] + row) * shape[2] + column];
    return { input, slope, seen: { map, row, column, side: 1 } };
  },

  // winner: the position in the window, 0 to 3, of the largest; none for a mean
  pool({ values, shape }, { how }, [map, row, column]) {
    const at = (down, right) =>
      values[(map * shape[1] + 2 * row + down) * shape[2] + 2 * column + right];
    const window = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
    const winner = how === "max" ? window.indexOf(Math.max(...window)) : null;
    return { window, winner, how, seen: { map, row: 2 * row, column: 2 * column, side: 2 } };
  },

  // the terms come largest first, whatever their sign
  linear({ values, shape }, { weight, bias }, [unit]) {
    const terms = Array.from(values, (value, i) => {
      const one = weight[unit * values.length + i];
      const size = shape[1] * shape[2];
      const inside = i % size;
      const from = [Math.floor(i / size), Math.floor(inside / shape[2]), inside % shape[2]];
      return { value, weight: one, product: value * one, from };
    });
    terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product));
    return { terms, bias: bias[unit], sum: Living.sum(terms.map((term) => term.product)) };
  },
};

Living.sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
