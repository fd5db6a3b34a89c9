// Links are copied with one click; without this script they are selected and copied by hand.
"use strict";

for (const field of document.querySelectorAll("[data-copied]")) field.addEventListener("focus", () => field.select());

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without HTTPS there is no clipboard to write to; what is selected can be copied all the same.
    if (!document.execCommand("copy")) return;
  }
  showToast({ words: "Copied.", kind: "note" });
});

// Typing a password of one's own chooses it.
const own = document.querySelector("input[name=password]");
own?.addEventListener("input", () => {
  const choice = document.querySelector("input[name=lock][value=own]");
  if (choice && own.value) choice.checked = true;
});
