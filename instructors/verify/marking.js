// The boxes for marks on a submission's page, and the table of the class. It reads nothing but the
// attributes that verify wrote, and sends nothing anywhere: marks stay in this browser, or in the
// files that are downloaded.
"use strict";
(() => {
  const MOST_CHOICE = 30; // points for all choice tasks together
  const COMMENT = "comment";
  const folder = location.pathname.replace(/[^/]*$/, ""); // each class lies in a folder of its own
  const key = name => `cnnlib verify: ${folder}${name}`;
  let store = null; // stays null where a browser keeps nothing for pages that are files
  try {
    localStorage.setItem(key("probe"), "");
    localStorage.removeItem(key("probe"));
    store = localStorage;
  } catch { /* said on the page */ }

  const json = (text, other) => {
    try { return JSON.parse(text) ?? other; } catch { return other; }
  };
  const stored = name => (store ? json(store.getItem(key(name)), {}) : {});

  // What counts is what verify has read back, until it is changed here.
  const value = (entry, field, base) => (entry[field]?.base === base ? entry[field].value : base);

  function summed(lines, marks) {
    let fixed = 0, choice = 0, own = 0, open = 0, odd = 0;
    for (const [part, given, left] of lines) {
      const text = marks(part), mark = Number(text);
      if (left && text === "") open += 1;
      const good = text !== "" && mark >= 0 && mark <= left;
      if (text !== "" && !good) odd += 1;
      own += good ? mark : 0;
      if (part.startsWith("choice")) choice += given + (good ? mark : 0);
      else fixed += given + (good ? mark : 0);
    }
    return { own, total: fixed + Math.min(choice, MOST_CHOICE), open, odd };
  }

  const cell = text => `"${String(text).replaceAll('"', '""')}"`;
  function download(name, fields, rows) {
    const table = [["submission", ...fields], ...rows];
    const text = "\ufeff" + table.map(row => row.map(cell).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // A submission's page ---------------------------------------------------------------------

  function page(root) {
    const name = root.dataset.submission, lines = json(root.dataset.lines, []);
    const boxes = [...root.querySelectorAll("[data-field]")];
    const before = stored(name);
    for (const box of boxes) box.value = value(before, box.dataset.field, box.defaultValue);
    let saved = true; // in a file, or in this browser

    function show() {
      const texts = Object.fromEntries(boxes.map(box => [box.dataset.field, box.value]));
      const { total, open, odd } = summed(lines, part => texts[part] ?? "");
      const bad = odd + boxes.filter(box => box.validity.badInput).length;
      const plural = open === 1 ? "mark is" : "marks are";
      root.querySelector(".sum").textContent = bad
        ? `${bad} of the marks cannot be: see the boxes in colour`
        : open ? `${total} points so far; ${open} ${plural} still to be given`
          : `${total} points in all`;
    }
    function keep() {
      const entry = Object.fromEntries(boxes.map(box =>
        [box.dataset.field, { base: box.defaultValue, value: box.value }]));
      saved = false;
      try {
        store?.setItem(key(name), JSON.stringify(entry));
        saved = Boolean(store);
      } catch { /* it is full: said below */ }
      root.querySelector(".kept").textContent = saved
        ? "Kept in this browser."
        : "This browser keeps no marks: download them before you leave this page.";
    }
    for (const box of boxes) box.addEventListener("input", () => { keep(); show(); });
    root.querySelector(".download").addEventListener("click", () => {
      const file = decodeURI(location.pathname.split("/").pop()).replace(/\.html$/, "");
      download(`marks-${file}.csv`, boxes.map(box => box.dataset.field),
        [[name, ...boxes.map(box => box.value)]]);
      saved = true;
    });
    addEventListener("beforeunload", event => { if (!saved) event.preventDefault(); });
    if (!store) keep();
    saved = true;
    show();
  }

  // The class -------------------------------------------------------------------------------

  function whole(table) {
    const rows = [...table.tBodies[0].rows];
    const controls = document.querySelector(".controls");
    const words = controls.querySelector("[type=search]");
    const verdict = controls.querySelector("select");
    const heads = [...table.tHead.rows[0].cells];

    function marks(row) {
      const entry = stored(row.dataset.submission), base = json(row.dataset.base, {});
      return field => value(entry, field, base[field] ?? "");
    }
    function fill() {
      let whole = 0;
      for (const row of rows) {
        const lines = json(row.dataset.lines, []);
        const { own, total, open, odd } = summed(lines, marks(row));
        const given = lines.some(([part]) => marks(row)(part) !== "");
        row.querySelector(".own").textContent = given ? own : "";
        const done = lines.length && !open && !odd;
        row.querySelector(".total").textContent = done ? total : "";
        whole += done ? 1 : 0;
      }
      controls.querySelector(".marked").textContent = `${whole} of ${rows.length} marked in full.`;
    }
    function filter() {
      for (const row of rows) {
        const fits = row.textContent.toLowerCase().includes(words.value.toLowerCase());
        row.hidden = !fits || !["", row.dataset.verdict].includes(verdict.value);
      }
      const left = rows.filter(row => !row.hidden).length;
      controls.querySelector(".count").textContent = `${left} of ${rows.length} shown.`;
    }
    function sort(at) {
      const down = heads[at].getAttribute("aria-sort") === "ascending";
      heads.forEach(head => head.removeAttribute("aria-sort"));
      heads[at].setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = row => row.cells[at].textContent.trim();
      const order = (a, b) => text(a).localeCompare(text(b), "en", { numeric: true });
      rows.sort((a, b) => (down ? order(b, a) : order(a, b)));
      table.tBodies[0].append(...rows);
    }
    heads.forEach((head, at) => head.firstChild.addEventListener("click", () => sort(at)));
    words.addEventListener("input", filter);
    verdict.addEventListener("change", filter);
    controls.querySelector(".download").addEventListener("click", () => {
      const fields = new Set();
      for (const row of rows) json(row.dataset.lines, []).forEach(([part]) => fields.add(part));
      fields.add(COMMENT);
      download("marks-all.csv", [...fields], rows.map(row =>
        [row.dataset.submission, ...[...fields].map(field => marks(row)(field))]));
    });
    addEventListener("pageshow", fill); // also when one comes back from a submission's page
    controls.hidden = false;
    fill();
    filter();
  }

  const root = document.querySelector(".marking"), table = document.querySelector("table.class");
  if (root) page(root);
  if (table) whole(table);
})();
