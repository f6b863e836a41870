"use strict";

// The time zone of this browser goes along with the sign-in, so that pages show the visitor's hours.
for (const field of document.querySelectorAll("[data-zone]")) {
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}
