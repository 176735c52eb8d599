// The search page: looks through WORKBOOK, which search-index.js has, and shows where and what.
(function () {
  "use strict";
  const MOST = 60; // results
  const AROUND = 110; // characters of a snippet on either side
  const results = document.getElementById("search-results");
  const field = document.querySelector(".bd-search-container input[type=search]");
  if (!results || !field) return;

  const flat = words => words.toLowerCase().trim().replace(/\s+/g, " ");
  const escaped = words => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const starting = words => new RegExp(`(?<![\\p{L}\\p{N}])${escaped(words)}`, "giu");
  const count = (words, pattern) => (words.match(pattern) || []).length;

  // The glossary's word that is asked for, in the singular or the plural.
  function explained(query) {
    const forms = [query, query.replace(/s$/, "")];
    return WORKBOOK.terms.filter(([name, also]) =>
      [name, ...also].some(one => forms.includes(one.toLowerCase())));
  }

  function score(section, phrase, words) {
    const [page, , heading, prose, code] = section;
    const title = WORKBOOK.titles[page];
    const all = `${title} ${heading} ${prose} ${code}`;
    if (!words.every(one => all.match(one))) return 0;
    let sum = 0;
    for (const [weight, pattern] of [[3, phrase], [1, null]]) {
      const counted = words_ => pattern ? count(words_, pattern)
        : words.reduce((total, one) => total + count(words_, one), 0) / words.length;
      sum += weight * (6 * Math.min(1, counted(title)) + 8 * Math.min(1, counted(heading))
        + 2 * Math.log1p(counted(prose)) + Math.log1p(counted(code)));
    }
    return sum;
  }

  function found(query) {
    const phrase = starting(query), words = query.split(" ").map(starting);
    const terms = explained(query).map(([name, , page, anchor, meaning]) =>
      ({ page, anchor, heading: `${name}: where it is explained`, snippet: meaning, first: true }));
    const sections = WORKBOOK.sections.map(one => [score(one, phrase, words), one])
      .filter(([points]) => points > 0).sort((a, b) => b[0] - a[0])
      .map(([, [page, anchor, heading, prose, code]]) =>
        ({ page, anchor, heading, snippet: snippet(prose, code, phrase, words) }));
    return [...terms, ...sections];
  }

  function snippet(prose, code, phrase, words) {
    for (const text of [prose, code]) {
      for (const pattern of [phrase, ...words]) {
        const at = text.search(pattern);
        if (at >= 0) {
          const from = Math.max(0, text.lastIndexOf(" ", Math.max(0, at - AROUND)));
          const part = text.slice(from, at + 2 * AROUND).trim();
          return (from ? "… " : "") + part + (at + 2 * AROUND < text.length ? " …" : "");
        }
      }
    }
    return prose.slice(0, 2 * AROUND);
  }

  function marked(text, words) {
    const whole = document.createElement("p");
    const pattern = new RegExp(words.map(one => one.source).join("|"), "giu");
    let at = 0;
    for (const match of text.matchAll(pattern)) {
      const mark = document.createElement("mark");
      mark.textContent = match[0];
      whole.append(text.slice(at, match.index), mark);
      at = match.index + match[0].length;
    }
    whole.append(text.slice(at));
    return whole;
  }

  function item(one, words) {
    const made = document.createElement("li");
    const link = document.createElement("a");
    const title = WORKBOOK.titles[one.page];
    link.href = `${one.page}.html${one.heading === title ? "" : `#${encodeURIComponent(one.anchor)}`}`;
    link.textContent = one.heading === title ? title : `${title} › ${one.heading}`;
    if (one.first) made.className = "explained";
    made.append(link, marked(one.snippet, words));
    return made;
  }

  function show() {
    const query = flat(field.value);
    results.replaceChildren();
    if (!query) return;
    const all = found(query), words = query.split(" ").map(starting);
    const said = document.createElement("p");
    said.setAttribute("role", "status");
    said.textContent = all.length === 0 ? `Nothing was found for “${query}”.`
      : `${all.length} ${all.length === 1 ? "place" : "places"} found`
        + (all.length > MOST ? `; these are the first ${MOST}.` : ".");
    const list = document.createElement("ol");
    list.className = "search";
    list.append(...all.slice(0, MOST).map(one => item(one, words)));
    results.append(said, list);
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", show);
  show();
})();
