// The record's pages: where reading goes on after a part of them was replaced.
"use strict";

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "changes") return;
  const { elt, triggeringEvent } = event.detail.requestConfig ?? {};
  if (elt?.matches("form.filters") && !triggeringEvent?.submitter?.closest(".filter-grid")) {
    const field = document.querySelector("[data-key='/']");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    return;
  }
  const heading = document.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  if (elt?.closest(".pages")) window.scrollTo(0, 0);
});
