// Go to: a field whose options come from the portal while one types, after what can be done on this page. Arrows choose,
// Enter goes there or does it.
"use strict";

{
  const TYPING_MS = 150;
  const palette = document.getElementById("palette");
  const paletteField = palette?.querySelector("input");
  const paletteOptions = document.getElementById("palette-options");
  let paletteTimer = 0;
  let paletteAsked = null;
  let goesAtOnce = false;
  let movedTo = ""; // what was chosen by arrows stays chosen when an answer comes after it

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
    const typed = paletteField.value.trim();
    const address = `${paletteField.form.action}?${new URLSearchParams({ q: typed })}`;
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asked.signal });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      paletteOptions.innerHTML = await answer.text();
      showActions(typed);
    } catch (error) {
      if (error.name === "AbortError") return;
      sayInPalette("The portal does not answer. Try again in a moment.");
    }
    paletteAsked = null;
    choose(placesShown().find((option) => option.textContent === movedTo) ?? placesShown()[0]);
    const count = placesShown().length;
    palette.querySelector("[data-palette-count]").textContent = `${count} option${count === 1 ? "" : "s"}`;
    if (goesAtOnce) goToChosen();
  }

  // What can be done on this page right now: whatever is marked with `data-does`, under that name or its own.
  function actionsHere(typed) {
    return [...document.querySelectorAll("[data-does]")]
      .map((does) => ({ does, name: does.dataset.does || does.textContent.trim().replace(/\s+/g, " ") }))
      .filter(({ does, name }) => isAtHand(does) && name.toLowerCase().includes(typed.toLowerCase()));
  }

  // What a closed menu holds is at hand where the menu is.
  function isAtHand(does) {
    const summary = does.closest(".menu-panel")?.parentElement.querySelector("summary");
    return !does.disabled && !does.hidden && (summary ?? does).checkVisibility({ visibilityProperty: true });
  }

  function showActions(typed) {
    const actions = actionsHere(typed);
    if (!actions.length) return;
    paletteOptions.querySelector("[data-nothing]")?.remove();
    const group = document.createElement("div");
    group.className = "go-group";
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "On this page");
    const kind = document.createElement("p");
    kind.className = "go-kind";
    kind.setAttribute("aria-hidden", "true");
    kind.textContent = "On this page";
    group.append(kind, ...actions.map(actionOption));
    // With nothing typed places come first, and Enter goes to one of them.
    if (typed) paletteOptions.prepend(group);
    else paletteOptions.append(group);
  }

  function actionOption({ does, name }, at) {
    const option = document.createElement("button");
    Object.assign(option, { type: "button", className: "go-option", id: `do-${at}`, tabIndex: -1, textContent: name });
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    option.addEventListener("click", (event) => {
      event.stopPropagation(); // a menu that opens now would close at once
      palette.close();
      does.focus();
      does.click();
    });
    return option;
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
    return [...paletteOptions.querySelectorAll(".go-option")];
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
    if (option?.href) location.assign(option.href);
    else option?.click();
  }

  function moveChoice(by) {
    const options = placesShown();
    const at = options.indexOf(chosenPlace());
    const option = options[(Math.max(at, by < 0 ? 0 : -1) + by + options.length) % options.length];
    movedTo = option?.textContent ?? "";
    choose(option);
  }

  paletteField?.addEventListener("input", () => {
    movedTo = "";
    clearTimeout(paletteTimer);
    paletteTimer = setTimeout(askPalette, TYPING_MS);
  });

  paletteField?.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") moveChoice(1);
    else if (event.key === "ArrowUp") moveChoice(-1);
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
    if (palette.open) return; // this tells of an earlier time, and comes late
    clearTimeout(paletteTimer);
    paletteAsked?.abort();
    paletteAsked = null;
    paletteTimer = 0;
    goesAtOnce = false;
    movedTo = "";
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-palette]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("palette:open", open);
}
