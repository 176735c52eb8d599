// Figures: sliders that choose among pictures drawn in advance, and a large one for each.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".choices").forEach(liven);
  document.querySelectorAll("article img.figure").forEach(enlargeable);
});

// Sliders ------------------------------------------------------------------------------------

// the pictures stand in the order of all choices, the last one changing first
function liven(place) {
  const choices = JSON.parse(place.dataset.choices), pictures = [...place.querySelectorAll("img")];
  const controls = document.createElement("div");
  controls.className = "controls";
  const show = () => {
    const index = choices.reduce((all, { values, at }) => all * values.length + at, 0);
    pictures.forEach((one, i) => { (one.closest("button") ?? one).hidden = i !== index; });
  };
  const soon = () => { for (const one of pictures) one.loading = "eager"; }; // before each is shown
  for (const event of ["pointerenter", "focusin"]) place.addEventListener(event, soon, { once: true });
  for (const choice of choices) controls.append(control(choice, show));
  place.prepend(controls);
  place.classList.add("lives");
  show();
}

function control(choice, show) {
  const { name, values, slider } = choice, label = document.createElement("label");
  const input = document.createElement(slider ? "input" : "select");
  const said = document.createElement("output");
  if (slider) Object.assign(input, { type: "range", min: 0, max: values.length - 1, step: 1 });
  else input.append(...values.map((value, i) => new Option(value, i)));
  input.value = choice.at;
  const change = () => {
    choice.at = Number(input.value);
    said.textContent = slider ? values[choice.at] : "";
    if (slider) input.setAttribute("aria-valuetext", values[choice.at]);
  };
  input.addEventListener("input", () => { change(); show(); });
  change();
  label.append(name, input);
  const whole = document.createElement("span");
  whole.append(label, ...(slider ? [said] : []));
  return whole;
}

// Large --------------------------------------------------------------------------------------

function enlargeable(img) {
  if (img.closest("a")) return; // it leads elsewhere
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarges";
  button.title = "enlarge";
  [button.hidden, img.hidden] = [img.hidden, false]; // one of many
  img.replaceWith(button);
  button.append(img);
  button.addEventListener("click", () => enlarge(img));
}

// as large as the window allows; on a narrow one as large as it was drawn, and it can be moved
function enlarge(img) {
  const dialog = document.createElement("dialog"), large = img.cloneNode(), words = document.createElement("p");
  const close = document.createElement("button");
  dialog.className = "large";
  dialog.setAttribute("aria-label", "A figure, enlarged");
  const { naturalWidth, naturalHeight } = img;
  const fits = Math.min((innerWidth - 24) / naturalWidth, (innerHeight - 130) / naturalHeight);
  for (const name of ["style", "height"]) large.removeAttribute(name);
  large.width = Math.round(naturalWidth * Math.max(fits, 0.5)); // two of its pixels to one of ours
  words.textContent = img.alt;
  Object.assign(close, { type: "button", textContent: "close" });
  dialog.append(close, large, words);
  for (const one of [close, large]) one.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
