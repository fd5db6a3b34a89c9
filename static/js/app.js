// What every page does beyond HTMX: toasts, popovers and menus, the loading line, keys, lost connections.
"use strict";

document.documentElement.classList.add("js");

const toasts = () => document.getElementById("toasts");
const TOAST_MS = 12000;

function showToast({ words, kind = "done", undo = "", href = "", link = "" }) {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(kind);
  toast.querySelector(".toast-words").textContent = words;
  const anchor = toast.querySelector(".toast-link");
  if (href) {
    anchor.href = href;
    anchor.textContent = link || anchor.textContent;
  } else {
    anchor.remove();
  }
  const form = toast.querySelector(".toast-undo");
  if (undo) {
    form.elements.undo.value = undo;
    form.setAttribute("hx-post", form.getAttribute("action"));
    form.setAttribute("hx-swap", "outerHTML");
    form.setAttribute("hx-target", "this");
  } else {
    form.remove();
  }
  adopt(toast);
  toasts().append(toast);
  while (toasts().children.length > 3) toasts().firstElementChild.remove();
  htmx.process(toast);
}

// A toast goes by itself unless it says that something failed or somebody is reading it.
function adopt(toast) {
  const close = toast.querySelector(".toast-close");
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
  toast.addEventListener("htmx:beforeRequest", () => (toast.hidden = true));
  toast.addEventListener("htmx:afterRequest", () => toast.remove());
  if (toast.classList.contains("problem")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, TOAST_MS);
}

document.addEventListener("toast", (event) => showToast(event.detail));

// Popovers open beside the link that asked for them; one at a time.
function closePopover(popover, giveFocusBack = true) {
  const opener = popover.parentElement?.querySelector("[data-editor]");
  popover.remove();
  opener?.removeAttribute("aria-expanded");
  if (giveFocusBack) opener?.focus();
}

function closeAll(except = null) {
  for (const popover of document.querySelectorAll("[data-popover]")) {
    if (popover !== except) closePopover(popover, false);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const opener = event.target.closest("[data-editor]");
  if (!opener) return;
  const open = opener.parentElement.querySelector("[data-popover]");
  closeAll();
  if (open) {
    event.preventDefault();
    opener.focus();
  } else {
    opener.setAttribute("aria-expanded", "true");
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const popover = document.querySelector("[data-popover]");
  if (!popover || popover.contains(event.target)) return;
  place(popover);
  const first = popover.querySelector("input[type=search], [aria-current=true], button");
  first?.focus({ preventScroll: true });
});

// Keep the popover within the window: above its cell where there is no room below.
function place(popover) {
  const box = popover.getBoundingClientRect();
  if (getComputedStyle(popover).position === "fixed") return;
  popover.classList.toggle("upwards", box.bottom > window.innerHeight && box.height < box.top);
  popover.classList.toggle("leftwards", box.right > document.documentElement.clientWidth);
}

document.addEventListener("click", (event) => {
  const popover = event.target.closest("[data-popover]");
  const menu = event.target.closest("details[data-menu]");
  if (event.target.closest("[data-close-popover]") && popover) {
    event.preventDefault();
    closePopover(popover);
  } else if (!popover && !event.target.closest("[data-editor]")) {
    closeAll(menu && event.target);
  }
});

function inText(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const popover = document.querySelector("[data-popover]");
    if (popover) closePopover(popover);
    const menu = document.querySelector("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const inPopover = event.target.closest?.("[data-popover], .menu-panel");
  if (inPopover && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    const stops = [...inPopover.querySelectorAll("input[type=search], .option, .menu-item")];
    const at = stops.indexOf(document.activeElement);
    const next = stops[(at + (event.key === "ArrowDown" ? 1 : stops.length - 1)) % stops.length];
    next?.focus();
    event.preventDefault();
  }
  if (event.key === "Enter" && event.target.matches?.("[data-popover] input[type=search]")) {
    event.preventDefault();
    inPopover.querySelector(".options .option")?.click();
  }
  if (event.key === "/" && !inText(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const field = document.querySelector("[data-key='/']");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
});

// What waits for background work looks again by itself, but not in a tab that nobody sees.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.matches("[hx-trigger^='every']")) event.preventDefault();
});

// The line on top, for answers that replace a part of the page.
let waiting = 0;
document.addEventListener("htmx:beforeSend", (event) => {
  if (event.target.matches("[hx-trigger^='every']")) return;
  waiting += 1;
  document.documentElement.classList.add("is-loading");
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.matches("[hx-trigger^='every']")) return;
  waiting = Math.max(0, waiting - 1);
  if (!waiting) document.documentElement.classList.remove("is-loading");
});

// What looks by itself every second says so once, until the connection is back.
let lost = false;
document.addEventListener("htmx:sendError", (event) => {
  const isPolling = event.target.matches("[hx-trigger^='every']");
  if (isPolling && lost) return;
  lost = true;
  const asked = event.detail.requestConfig?.verb === "get";
  const what = isPolling ? "It goes on looking." : asked ? "Try again when you are back online." : "Look at the page again before you repeat it.";
  const words = `No connection to the portal. ${what}`;
  showToast({ words, kind: "problem" });
});
document.addEventListener("htmx:afterOnLoad", () => (lost = false));
document.addEventListener("htmx:timeout", () =>
  showToast({ words: "The portal takes too long to answer. Look at the page again before you repeat it.", kind: "problem" }),
);
// A proxy's bare error page must not replace a part of this one.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (xhr.status >= 500 && !xhr.getResponseHeader("X-Request-ID")) {
    event.detail.shouldSwap = false;
    showToast({ words: "The portal does not answer as it should. Try again in a moment.", kind: "problem" });
  }
});

// After a view was replaced, its heading is where reading goes on; a search goes on in its field.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "results") return;
  document.title = `${document.querySelector(".views [aria-current]")?.textContent.trim() || "Filtered"} jobs · Jobs Portal`;
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

for (const toast of document.querySelectorAll(".toast")) adopt(toast);
