// Go to: a field whose options come from the portal while one types. Arrows choose, Enter goes there.
"use strict";

{
  const TYPING_MS = 150;
  const palette = document.getElementById("palette");
  const paletteField = palette?.querySelector("input");
  const paletteOptions = document.getElementById("palette-options");
  let paletteTimer = 0;
  let paletteAsked = null;
  let goesAtOnce = false;

  function open() {
    if (palette.open) return;
    paletteField.value = "";
    paletteOptions.replaceChildren();
    openDialog(palette);
    paletteField.focus();
    askPalette();
  }

  // Which answer is waited for: the one to what stands in the field now.
  async function askPalette() {
    clearTimeout(paletteTimer);
    paletteTimer = 0;
    paletteAsked?.abort();
    const asked = (paletteAsked = new AbortController());
    const address = `${paletteField.form.action}?${new URLSearchParams({ q: paletteField.value })}`;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      paletteOptions.innerHTML = await answer.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      sayInPalette("The portal does not answer. Try again in a moment.");
    }
    paletteAsked = null;
    choose(placesShown()[0]);
    const count = placesShown().length;
    palette.querySelector("[data-palette-count]").textContent = `${count} place${count === 1 ? "" : "s"}`;
    if (goesAtOnce) goToChosen();
  }

  function sayInPalette(words) {
    const line = document.createElement("p");
    line.className = "go-none";
    line.setAttribute("role", "option");
    line.setAttribute("aria-disabled", "true");
    line.textContent = words;
    paletteOptions.replaceChildren(line);
  }

  function placesShown() {
    return [...paletteOptions.querySelectorAll("a")];
  }

  function chosenPlace() {
    return paletteOptions.querySelector("[aria-selected=true]");
  }

  function choose(option) {
    chosenPlace()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    paletteField.setAttribute("aria-expanded", String(Boolean(option)));
    if (option) paletteField.setAttribute("aria-activedescendant", option.id);
    else paletteField.removeAttribute("aria-activedescendant");
  }

  function goToChosen() {
    goesAtOnce = false;
    const option = chosenPlace();
    if (option) location.assign(option.href);
  }

  paletteField?.addEventListener("input", () => {
    clearTimeout(paletteTimer);
    paletteTimer = setTimeout(askPalette, TYPING_MS);
  });

  paletteField?.addEventListener("keydown", (event) => {
    const options = placesShown();
    const at = options.indexOf(chosenPlace());
    if (event.key === "ArrowDown") choose(options[(at + 1) % options.length]);
    else if (event.key === "ArrowUp") choose(options[(at + options.length - 1) % options.length]);
    else if (event.key === "Enter" && !event.isComposing) {
      // Somebody who types faster than the portal answers goes where the answer leads.
      if (paletteTimer || paletteAsked) {
        goesAtOnce = true;
        if (paletteTimer) askPalette();
      } else goToChosen();
    } else return;
    event.preventDefault();
  });

  palette?.addEventListener("close", () => {
    clearTimeout(paletteTimer);
    paletteAsked?.abort();
    paletteAsked = null;
    paletteTimer = 0;
    goesAtOnce = false;
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("palette:open", open);
}
