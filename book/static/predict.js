// Predict, then see: what was found is folded until the reader has chosen, or asks for it.
// Without this script, and on paper, everything is shown.
(function () {
  "use strict";
  const place = document.querySelector(".prediction");
  const end = document.querySelector(".found-end");
  if (!place || !end) return;
  const { chapter, found } = place.dataset;
  const key = `prediction:${chapter}`;
  const options = JSON.parse(place.dataset.options);
  let kept = null; // where the browser keeps nothing for files, for as long as the page is open

  function remembered() {
    try { return localStorage.getItem(key) ?? kept; } catch { return kept; }
  }

  function remember(choice) {
    kept = choice;
    try {
      if (choice === null) localStorage.removeItem(key);
      else localStorage.setItem(key, choice);
    } catch { /* kept, above */ }
  }

  // Every element after `place` and before `end`; a section that holds the end counts in parts.
  function between() {
    const all = [];
    const takeUntilEnd = one => {
      for (; one; one = one.nextElementSibling) {
        if (one === end) return true;
        if (one.contains(end)) return takeUntilEnd(one.firstElementChild);
        all.push(one);
      }
      return false;
    };
    for (let at = place; at && !takeUntilEnd(at.nextElementSibling); at = at.parentElement);
    return all;
  }

  const folded = between();
  const asking = place.previousElementSibling.querySelector(".cell_output");
  const verdict = wordsOf("(You made no prediction.)");

  function wordsOf(words) {
    for (const one of folded) {
      const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        if (walker.currentNode.data.includes(words)) return walker.currentNode;
      }
    }
    return null;
  }

  const told = verdict?.data;

  function button(words, act) {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = words;
    one.addEventListener("click", act);
    return one;
  }

  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const choices = options.map(words => button(words, () => choose(words)));
  const show = button("show what was found", () => choose(""));
  const again = button("fold it again", () => choose(null));

  function choose(choice) {
    remember(choice);
    update();
    (choice === null ? choices[0] : again).focus({ preventScroll: true });
  }

  function update() {
    const choice = remembered(), open = choice !== null;
    folded.forEach(one => one.classList.toggle("not-yet", !open));
    choices.forEach((one, i) => {
      one.disabled = open;
      one.setAttribute("aria-pressed", String(options[i] === choice));
    });
    show.hidden = open;
    again.hidden = !open;
    said.textContent = open ? (choice ? `Noted: ${choice}. ` : "") + "What was found is below. "
                            : "What was found is folded. ";
    if (verdict) verdict.data = choice ? told.replace(". (You made no prediction.)",
      choice === found ? ", as you predicted." : `, you predicted '${choice}'.`) : told;
    if (open) dispatchEvent(new Event("resize")); // for what measured itself while it was folded
  }

  // A link to something that is folded shows it.
  function followed() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && folded.some(one => one.contains(target)) && remembered() === null) {
      kept = ""; // for now, and not for the next visit
      update();
      target.scrollIntoView();
    }
  }

  place.setAttribute("role", "group");
  place.setAttribute("aria-label", "Your prediction");
  place.append("Your prediction: ", ...choices, document.createElement("br"), said, show, again);
  if (asking) asking.hidden = true; // the buttons ask
  update();
  followed();
  addEventListener("hashchange", followed);
})();
