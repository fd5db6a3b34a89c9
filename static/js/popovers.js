// Editors that open beside the cell that asked for them, and menus: one at a time, closed by Escape, a click elsewhere, or
// by moving on.
"use strict";

function openPopover() {
  return document.querySelector("[data-popover]");
}

function closePopover(popover, giveFocusBack = true) {
  const opener = popover.parentElement?.querySelector("[data-editor]");
  popover.remove();
  opener?.removeAttribute("aria-expanded");
  if (giveFocusBack) opener?.focus();
}

function closeAll(except = null) {
  for (const popover of document.querySelectorAll("[data-popover]")) {
    if (!except || !popover.contains(except)) closePopover(popover, false);
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!except || !menu.contains(except)) menu.open = false;
  }
}

// A double click is one click.
document.addEventListener(
  "click",
  (event) => {
    if (event.detail < 2 || !event.target.closest("[data-editor]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

// A cell that is asked for again closes.
document.addEventListener("htmx:beforeRequest", (event) => {
  const opener = event.target.closest("[data-editor]");
  if (!opener) return;
  const open = opener.parentElement.querySelector("[data-popover]");
  if (open) {
    event.preventDefault();
    closePopover(open);
    return;
  }
  closeAll();
  opener.setAttribute("aria-expanded", "true");
});
document.addEventListener("htmx:afterRequest", (event) => {
  const opener = event.detail.elt.closest?.("[data-editor]");
  if (opener && !opener.parentElement?.querySelector("[data-popover]")) opener.removeAttribute("aria-expanded");
});

document.addEventListener("htmx:afterSwap", (event) => {
  const popovers = [...document.querySelectorAll("[data-popover]")];
  const popover = popovers.find((one) => event.target.contains(one)) ?? popovers[0];
  if (!popover || popover.contains(event.target)) return;
  for (const other of popovers) if (other !== popover) closePopover(other, false);
  place(popover);
  const first = ["input[type=search]", "[aria-current=true]", "button"].map((stop) => popover.querySelector(stop)).find(Boolean);
  first?.focus({ preventScroll: true });
});

// Keep the popover within the window: above its cell where there is no room below.
function place(popover) {
  const box = popover.getBoundingClientRect();
  if (getComputedStyle(popover).position === "fixed") return;
  popover.classList.toggle("upwards", box.bottom > window.innerHeight && box.height < box.top);
  popover.classList.toggle("leftwards", box.right > document.documentElement.clientWidth);
}

// What was done in a popover leads back to its cell, in the row as it is now; an undo to the row.
document.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig, xhr, successful } = event.detail;
  const popover = requestConfig.elt.closest("[data-popover]");
  if (!successful && popover?.isConnected && xhr.status === 403) closePopover(popover);
  const place = successful && requestConfig.elt.dataset.focus;
  if (place) requestAnimationFrame(() => !openPopover() && document.querySelector(place)?.focus());
});

document.addEventListener("click", (event) => {
  const popover = event.target.closest("[data-popover]");
  if (event.target.closest("[data-close-popover]") && popover) {
    event.preventDefault();
    closePopover(popover);
  } else if (!event.target.closest("[data-editor]")) {
    closeAll(event.target);
  }
});

document.addEventListener("focusout", (event) => {
  const place = event.target.closest("[data-popover], details[data-menu]");
  if (!place || !event.relatedTarget || place.contains(event.relatedTarget)) return;
  if (place.matches("[data-popover]")) closePopover(place, false);
  else place.open = false;
});

function closeByEscape() {
  for (const asked of document.querySelectorAll("[data-editor].htmx-request")) htmx.trigger(asked, "htmx:abort");
  const popover = openPopover();
  if (popover) closePopover(popover);
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
}

function moveWithin(place, forward) {
  const stops = [...place.querySelectorAll("input[type=search], .option, .menu-item")];
  const at = stops.indexOf(document.activeElement);
  stops[(at + (forward ? 1 : stops.length - 1)) % stops.length]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeByEscape();
  const place = event.target.closest?.("[data-popover], .menu-panel");
  if (!place) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveWithin(place, event.key === "ArrowDown");
    event.preventDefault();
  } else if (event.key === "Enter" && event.target.matches("input[type=search]")) {
    event.preventDefault();
    place.querySelector(".options .option")?.click();
  }
});
