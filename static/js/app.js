// What every page does beyond HTMX: the loading line, where the focus goes, addresses without empty filters.
"use strict";

document.documentElement.classList.add("js");

// A form that comes back with errors is taken up where the first of them is.
document.querySelector("[aria-invalid=true]")?.focus();

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
  document.title = `${view?.firstChild.textContent.trim() || "Filtered"} jobs · Jobs Portal`;
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

// Filters that are not set stay out of the address, and columns stand in it as one list.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("[data-drop-empty], .rows-form, [data-columns]")) return;
  const { formData } = event.detail;
  for (const [name, value] of [...formData.entries()]) {
    if (value === "" && name !== "org") formData.delete(name);
  }
  const columns = formData.getAll("columns");
  if (columns.length > 1) formData.set("columns", columns.join(","));
});

// Columns change places in their menu before they are shown.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-move]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const item = link.closest("li");
  if (link.dataset.move === "up") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  link.focus();
});
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-usual]");
  if (!form) return;
  const menu = new FormData(form.parentElement.querySelector("[data-columns]"));
  form.elements.columns.value = menu.getAll("columns").join(",");
  form.elements.density.value = menu.get("density");
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
