// One value in numbers: what it saw, what was done with it, and the same in a sentence.
"use strict";

Living.number = (value, digits = 2) => value.toFixed(digits).replace(/^-(0\.0*)$/, "$1").replace("-", "−");
// in a cell: .12 for 0.12, to have room
Living.short = (value) =>
  Living.number(value, Math.abs(value) < 9.995 ? 2 : 1).replace(/^(−?)0\./, "$1.");

// numbers in a square, coloured; `marked` is the position of one
Living.cells = function (name, numbers, side, marked = null) {
  const reach = Math.max(Living.reach(numbers), 0.01); // what reads 0.00 is to look like 0
  const rows = [];
  for (let row = 0; row < side; row++) {
    const line = numbers.slice(row * side, (row + 1) * side).map((value, column) => {
      const won = row * side + column === marked ? ' class="won"' : "";
      return `<td${won} style="${Living.cellStyle(value, reach)}">${Living.short(value)}</td>`;
    });
    rows.push(`<tr>${line.join("")}</tr>`);
  }
  return `<table class="cells"><caption>${name}</caption><tbody>${rows.join("")}</tbody></table>`;
};

Living.sign = (sign) => `<span class="sign" aria-hidden="true">${sign}</span>`;

// a number that is added: + 0.12 or − 0.12, with a name if it has one
Living.plus = (value, name = "") =>
  `${value <= -0.005 ? "−" : "+"} ${name}${Living.number(Math.abs(value))}`;

// numbers added up, each with its sign: 0.31 + 0.02 − 0.11
Living.added = (numbers) => numbers
  .map((one, i) => (i ? Living.plus(one) : Living.number(one)))
  .join(" ");

// {html, sentence, part} of what Living.explain gives; `chosen` is the input map to show, or null
// for the one that adds most
Living.told = function (explained, chosen) {
  const told = Living.tell[explained.kind](explained, chosen);
  return { part: null, ...told };
};

Living.tell = {
  conv({ parts, bias, side, value }, chosen) {
    const weight = (part) => Math.abs(part.sum);
    const largest = parts.reduce((best, part) => (weight(part) > weight(best) ? part : best));
    const part = parts[chosen ?? largest.map] ?? largest;
    const count = side * side, total = Living.sum(parts.map((one) => one.sum));
    const ofMap = parts.length > 1 ? ` of input map ${part.map + 1}` : "";
    const square = Living.cells(`window${ofMap}`, part.window, side) + Living.sign("×")
      + Living.cells("filter", part.filter, side) + Living.sign("=")
      + Living.cells(`${count} products`, part.products, side);
    let sums = `sum of ${count} products <b>${Living.number(part.sum)}</b>`;
    let sentence = `${count} products with the sum ${Living.number(total)}`;
    if (parts.length > 1) {
      const ordered = [...parts].sort((a, b) => weight(b) - weight(a)).map((one) => one.sum);
      const rest = ordered.length > 7 ? Living.sum(ordered.splice(6)) : null;
      const others = rest === null ? "" : ` ${Living.plus(rest)} (the other ${parts.length - 6})`;
      sums += `; all ${parts.length} maps, largest first: ${Living.added(ordered)}${others} = <b>${Living.number(total)}</b>`;
      sentence = `${count * parts.length} products of ${parts.length} maps with the sum ${Living.number(total)}`;
    }
    const end = `${Living.number(total)} ${Living.plus(bias, "bias ")} = ${Living.number(value)}`;
    return {
      html: `<div class="squares">${square}</div><p>${sums}; ${end.replace(/= (.+)$/, "= <b>$1</b>")}</p>`,
      sentence: `${sentence}; with the bias ${Living.number(bias)} it is ${Living.number(value)}`,
      part: part.map,
    };
  },

  norm({ input, mean, deviation, weight, bias, value }) {
    const n = Living.number;
    const sum = `(${n(input)} − mean ${n(mean)}) / ${n(deviation)} × ${n(weight)} + ${n(bias)} = ${n(value)}`;
    return {
      html: `<p>${sum.replace(/= (.+)$/, "= <b>$1</b>")}</p><p class="why">mean and standard deviation are those of this map in training; factor and addend were learned</p>`,
      sentence: sum,
    };
  },

  act({ input, slope, value }) {
    const n = Living.number;
    const what = input > 0 ? "stays, because it is above 0"
      : slope ? `is not above 0, and is multiplied by ${slope}` : "is not above 0, and becomes 0";
    const sentence = `${n(input)} ${what}: ${n(value, slope ? 4 : 2)}`;
    return { html: `<p>${sentence}</p>`, sentence };
  },

  pool({ window, winner, how, value }) {
    const n = Living.number;
    const place = ["upper left", "upper right", "lower left", "lower right"][winner];
    const sentence = how === "max"
      ? `of ${window.map((one) => n(one)).join(", ")} the largest, ${place}, has won: ${n(value)}`
      : `the mean of ${window.map((one) => n(one)).join(", ")} is ${n(value)}`;
    const square = Living.cells("window", window, 2, winner);
    return { html: `<div class="squares">${square}<p>${sentence}</p></div>`, sentence };
  },

  linear({ terms, bias, sum, value }) {
    const n = Living.number;
    const some = terms.slice(0, 6), rest = sum - Living.sum(some.map((term) => term.product));
    const rows = some.map((term) => `<tr><td>${n(term.value)}</td><td>× ${n(term.weight, 3)}</td><td>= ${n(term.product)}</td></tr>`);
    const others = terms.length - some.length;
    const end = `${n(sum)} ${Living.plus(bias, "bias ")} = ${n(value)}`;
    return {
      html: `<div class="squares"><table class="terms"><caption>the ${some.length} largest of ${terms.length} products</caption><tbody>${rows.join("")}</tbody></table>`
        + `<p>the other ${others} together: ${n(rest)}<br>all ${terms.length}: ${end.replace(/= (.+)$/, "= <b>$1</b>")}</p></div>`,
      sentence: `${terms.length} products with the sum ${n(sum)}; with the bias ${n(bias)} it is ${n(value)}`,
    };
  },
};
