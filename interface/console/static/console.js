"use strict";

// The time zone of this browser goes along with the sign-in, so that pages show the visitor's hours.
for (const field of document.querySelectorAll("[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

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
