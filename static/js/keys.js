// Keys: where one goes, which row one is at, and what is done there. Never while somebody types.
"use strict";

// Dialogs: opened by a key or a button, closed by Escape, their button, or a click beside them.
function openDialog(dialog) {
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog?.showModal();
  return Boolean(dialog);
}

{
  const GO_MS = 1500;
  let goSince = -GO_MS;
  let rowLast = "";

  function isTyping(element) {
    return Boolean(element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]"));
  }

  function isElsewhere(element) {
    return document.querySelector("dialog[open]") || element.closest?.("[data-popover], .menu-panel");
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "k" || event.shiftKey || !document.getElementById("palette")) return;
      event.preventDefault();
      document.dispatchEvent(new Event("palette:open"));
      return;
    }
    if (isTyping(event.target) || isElsewhere(event.target)) return;
    const going = performance.now() - goSince < GO_MS;
    goSince = -GO_MS;
    const done = going ? go(event.key) : KEYS[event.key]?.();
    if (done) event.preventDefault();
  });

  // What each key does; true where there was something to do.
  const KEYS = {
    "/": search,
    "?": () => openDialog(document.getElementById("keys")),
    g: () => (goSince = performance.now()),
    u: () => press(newestUndo()?.querySelector("button")),
    j: () => moveRow(1),
    k: () => moveRow(-1),
    x: () => pick(false),
    X: () => pick(true),
    e: () => press(rowAt()?.querySelector("[data-editor]")),
  };

  function press(button) {
    button?.click();
    return Boolean(button);
  }

  function search() {
    const field = document.querySelector("[data-key='/']");
    field?.focus();
    field?.select();
    return Boolean(field);
  }

  function go(letter) {
    const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
    if (link) location.assign(link.href);
    return Boolean(link);
  }

  // The row that one is at: the one with the focus, or the one that had it last.
  function rowAt() {
    return document.activeElement.closest?.("tr.job") ?? document.getElementById(rowLast);
  }

  function moveRow(by) {
    const rows = [...document.querySelectorAll("table.jobs tr.job")];
    const at = rows.indexOf(rowAt());
    const next = at < 0 ? rows[by > 0 ? 0 : rows.length - 1] : rows[at + by];
    next?.querySelector(".c-id a").focus();
    return rows.length > 0;
  }

  function pick(isRange) {
    const box = rowAt()?.querySelector("[data-pick]");
    box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: isRange }));
    return Boolean(box);
  }

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr.job");
    if (row) rowLast = row.id;
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-keys]")) openDialog(document.getElementById("keys"));
    else if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog.dialog")) {
      event.target.closest("dialog").close();
    }
  });
}
