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
      seat.setAttribute("role", letter === "v" ? "img" : "link");
      seat.setAttribute("aria-label", `${name}: ${live.dataset[letter]}`);
    }
  }
  shown = states;
});

// A seat that somebody has leads to their order: by a click, or by the arrow keys and Enter.
function openOrder(seat) {
  if (seat?.getAttribute("role") === "link") {
    location.assign(`${location.pathname}/tickets/${seat.dataset.ticket}`);
  }
}

function beside(seat, key) {
  const row = seat.closest(".row");
  const place = [...row.querySelectorAll(".seat")].indexOf(seat);
  if (key === "ArrowLeft" || key === "ArrowRight") {
    return row.querySelectorAll(".seat")[place + (key === "ArrowLeft" ? -1 : 1)];
  }
  let other = row;
  do {
    other = key === "ArrowUp" ? other.previousElementSibling : other.nextElementSibling;
  } while (other && !other.classList.contains("row"));
  const seats = other?.querySelectorAll(".seat");
  return seats?.[Math.min(place, seats.length - 1)];
}

for (const plan of document.querySelectorAll(".plan")) {
  plan.addEventListener("click", (event) => openOrder(event.target.closest("[data-ticket]")));
  plan.addEventListener("keydown", (event) => {
    const seat = event.target.closest("[data-ticket]");
    if (event.key === "Enter") {
      openOrder(seat);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      (seat ? beside(seat, event.key) : plan.querySelector("[data-ticket]"))?.focus();
    }
  });
}
