"use strict";

// The server tells the states of all seats in one string, a letter each. Only seats whose letter
// has changed are touched.
const STATES = { v: "vacant", h: "reserved", s: "sold" };

let shown = document.getElementById("live").dataset.states;

document.addEventListener("htmx:afterSwap", () => {
  const live = document.getElementById("live");
  const states = live.dataset.states;
  for (const seat of document.querySelectorAll("[data-place]")) {
    const letter = states[seat.dataset.place];
    if (letter !== shown[seat.dataset.place]) {
      const name = seat.getAttribute("aria-label").split(": ")[0];
      seat.className = `seat ${STATES[letter]} fresh`;
      seat.setAttribute("aria-label", `${name}: ${live.dataset[letter]}`);
    }
  }
  shown = states;
});
