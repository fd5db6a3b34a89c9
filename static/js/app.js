// What every page does beyond HTMX: the loading line, keys, where the focus goes, addresses without empty filters.
"use strict";

document.documentElement.classList.add("js");

// A form that comes back with errors is taken up where the first of them is.
document.querySelector("[aria-invalid=true]")?.focus();

// Keys: "/" searches, "u" takes the last change back.
document.addEventListener("keydown", (event) => {
  const isText = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (isText || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const field = document.querySelector("[data-key='/']");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (event.key === "u") {
    newestUndo()?.requestSubmit();
  }
});

// What waits for background work looks again by itself, but not in a tab that nobody sees.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && isPolling(event.target)) event.preventDefault();
});

// A double click sends a form once.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-once]")) return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent;
});

// The line on top, for answers that replace a part of the page.
let waiting = 0;
document.addEventListener("htmx:beforeSend", (event) => {
  if (isPolling(event.target)) return;
  waiting += 1;
  document.documentElement.classList.add("is-loading");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (isPolling(event.target)) return;
  waiting = Math.max(0, waiting - 1);
  if (!waiting) document.documentElement.classList.remove("is-loading");
});

// After a view was replaced, its heading is where reading goes on; a search goes on in its field.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "results") return;
  const view = document.querySelector(".views [aria-current]");
  if (!document.querySelector("h1")) return;
  document.title = `${view?.textContent.trim() || "Filtered"} jobs · Jobs Portal`;
  const { elt, triggeringEvent } = event.detail.requestConfig ?? {};
  const wasSearch = elt?.matches("form.filters") && !triggeringEvent?.submitter?.closest(".filter-grid");
  if (wasSearch) {
    const field = document.querySelector("[data-key='/']");
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  } else if (!document.querySelector("[data-popover]")) {
    const heading = document.querySelector("h1");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  if (elt?.closest(".pages")) window.scrollTo(0, 0);
});

// Filters that are not set stay out of the address.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("[data-drop-empty], .rows-form")) return;
  for (const [name, value] of [...event.detail.formData.entries()]) {
    if (value === "" && name !== "org") event.detail.formData.delete(name);
  }
});

// From a job, "Jobs" leads back to the list as it was left.
const LIST = "/jobs/";
function rememberList() {
  if (location.pathname === LIST) sessionStorage.setItem("list", location.search);
}
rememberList();
document.addEventListener("htmx:pushedIntoHistory", rememberList);
for (const link of document.querySelectorAll("[data-back-to-list]")) {
  const kept = sessionStorage.getItem("list");
  if (kept !== null) link.href = LIST + kept;
}

// A picture that can't be had leaves its quiet place instead of a broken mark.
document.addEventListener(
  "error",
  (event) => event.target.matches?.("img") && event.target.classList.add("missing"),
  true,
);
