"use strict";

// The time zone of this browser goes along with the sign-in, so that pages show the visitor's hours.
for (const field of document.querySelectorAll("[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

// On a phone the sections are wider than the screen: the present one is to be seen.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

// The slider stands outside of what travels, so that it can be dragged. When one travels in another
// way (a step, the story), it follows.
document.addEventListener("htmx:afterSwap", (event) => {
  const then = document.getElementById("then");
  const slider = document.getElementById("version");
  if (!then || !slider) {
    return;
  }
  slider.setAttribute("aria-valuetext", then.dataset.said);
  if (event.detail.requestConfig?.elt !== slider) {
    slider.value = then.dataset.version;
  }
});

// A slash leads to the search, wherever one is on the page, unless one is typing.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, [contenteditable]");
  const search = document.querySelector('[type="search"]');
  if (event.key === "/" && search && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// Browsers have the clipboard only over HTTPS and on the machine itself; else what is selected is copied.
async function copied(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text);
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    await copied(button.dataset.copy);
    button.focus();
    button.classList.add("done");
    document.getElementById("said").textContent = button.dataset.done;
    setTimeout(() => button.classList.remove("done"), 1500);
  }
});
