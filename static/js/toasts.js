// Short messages at the bottom of the page: what just happened, and an undo where there is one.
"use strict";

const TOAST_MS = 12000;
const MOST = 3;

function showToast({ words, kind = "done", undo = "", job = 0, href = "", link = "", here = false }) {
  const shown = document.getElementById("toasts");
  for (const old of shown.children) {
    if (old.querySelector(".toast-words").textContent === words) old.remove();
  }
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(kind);
  toast.querySelector(".toast-words").textContent = words;
  const anchor = toast.querySelector(".toast-link");
  if (href) {
    anchor.href = href;
    anchor.textContent = link || anchor.textContent;
    if (here) anchor.removeAttribute("target");
  } else {
    anchor.remove();
  }
  const form = toast.querySelector(".toast-undo");
  if (undo) {
    form.elements.undo.value = undo;
    form.setAttribute("hx-post", form.getAttribute("action"));
    form.dataset.focus = `#job-${job} .c-id a`;
    // The row may have gone by then; the change is taken back all the same.
    toast.addEventListener(
      "submit",
      () => {
        const row = document.getElementById(`job-${job}`);
        form.setAttribute("hx-target", row ? `#job-${job}` : "this");
        form.setAttribute("hx-swap", row ? "outerHTML" : "none");
      },
      true,
    );
  } else {
    form.remove();
  }
  adoptToast(toast);
  shown.append(toast);
  while (shown.children.length > MOST) shown.firstElementChild.remove();
  htmx.process(toast);
}

// A toast goes by itself, unless it says that something failed or somebody is at it.
function adoptToast(toast) {
  const close = toast.querySelector(".toast-close");
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
  toast.addEventListener("htmx:beforeRequest", () => (toast.hidden = true));
  toast.addEventListener("htmx:afterRequest", () => toast.remove());
  if (toast.classList.contains("problem")) return;
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, TOAST_MS);
}

// The newest undo, for the key that stands for it.
function newestUndo() {
  return [...document.querySelectorAll(".toast:not([hidden]) .toast-undo")].pop();
}

document.addEventListener("toast", (event) => showToast(event.detail));
for (const toast of document.querySelectorAll("#toasts .toast")) adoptToast(toast);

// A lost connection is said; what looks by itself every second says so once, until the connection is back.
let connectionLost = false;

function isPolling(element) {
  return element.matches("[hx-trigger^='every']");
}

document.addEventListener("htmx:sendError", (event) => {
  const polling = isPolling(event.target);
  if (polling && connectionLost) return;
  connectionLost = true;
  const isRead = event.detail.requestConfig?.verb === "get";
  const doNext = isRead ? "Try again when you are back online." : "Look at the page again before you repeat it.";
  showToast({ words: `No connection to the portal. ${polling ? "It goes on looking." : doNext}`, kind: "problem" });
});
document.addEventListener("htmx:afterOnLoad", () => {
  if (connectionLost) {
    for (const toast of document.querySelectorAll(".toast.problem")) {
      if (toast.textContent.includes("No connection to the portal")) toast.remove();
    }
  }
  connectionLost = false;
});
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
