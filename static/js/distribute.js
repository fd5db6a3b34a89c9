// The plan of who gets which job: how many are ticked, and rows that go back where a move was not taken.
"use strict";

document.addEventListener("change", (event) => {
  if (!event.target.matches(".candidates [name=person]")) return;
  const list = event.target.closest("#people-list");
  const ticked = list.querySelectorAll("[name=person]:checked").length;
  const status = list.querySelector("[role=status]");
  status.textContent = status.textContent.replace(/^\s*\d+ chosen/, `${ticked} chosen`);
});

// A limit is typed for somebody who gets jobs.
document.addEventListener("input", (event) => {
  if (!event.target.matches(".at-most input") || !event.target.value) return;
  const box = event.target.closest("li").querySelector("[name=person]");
  if (!box.checked) box.click();
});

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("[data-move]");
  if (!form) return;
  if (!event.detail.successful) {
    form.reset();
    return;
  }
  for (const option of form.querySelectorAll("option")) option.defaultSelected = option.selected;
  form.querySelector("[data-why]")?.remove();
});
