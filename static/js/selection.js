// Which jobs are selected: kept while the tab lives, per person and organization, across pages, sorting and reloads.
"use strict";

{
  const selectionBar = document.getElementById("selection");
  const selectionKey = `selection:${selectionBar.dataset.person}:${selectionBar.dataset.org}`;
  let selected = keptSelection();
  let pickedLast = "";

  // `ids`: the type of each ticked job by its id; `all`: what the list is found by whose every job is meant, or "".
  function keptSelection() {
    try {
      const { ids = {}, all = "" } = JSON.parse(sessionStorage.getItem(selectionKey)) ?? {};
      return { ids, all };
    } catch {
      return { ids: {}, all: "" };
    }
  }

  function keepSelection() {
    sessionStorage.setItem(selectionKey, JSON.stringify(selected));
    showSelection();
  }

  function picks() {
    return [...document.querySelectorAll("[data-pick]")];
  }

  function put(box, isOn) {
    if (isOn) selected.ids[box.value] = box.closest("tr").dataset.type;
    else delete selected.ids[box.value];
  }

  // All that match ends as the rows that are seen.
  function endAll() {
    if (!selected.all) return;
    selected.all = "";
    for (const box of picks()) put(box, true);
  }

  function pickedRow(box, isRange) {
    const isOn = box.checked;
    endAll();
    const boxes = picks();
    const at = boxes.indexOf(box);
    const from = isRange ? boxes.findIndex((one) => one.value === pickedLast) : -1;
    const range = from < 0 ? [box] : boxes.slice(Math.min(at, from), Math.max(at, from) + 1);
    for (const one of range) put(one, isOn);
    pickedLast = box.value;
    keepSelection();
  }

  function pickedPage(isOn) {
    selected.all = "";
    for (const box of picks()) put(box, isOn);
    keepSelection();
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches("[data-pick]")) pickedRow(event.target, event.shiftKey);
    else if (event.target.matches("[data-pick-all]")) pickedPage(event.target.checked);
  });

  selectionBar.querySelector("[data-select-all]").addEventListener("click", () => {
    selected.all = document.getElementById("count").dataset.foundBy;
    keepSelection();
  });

  selectionBar.querySelector("[data-select-none]").addEventListener("click", () => {
    const hadFocus = selectionBar.contains(document.activeElement);
    selected = { ids: {}, all: "" };
    keepSelection();
    if (hadFocus) document.querySelector("[data-pick-all], h1")?.focus();
  });

  // The rows, the bar and what its form sends, as the selection is and the list stands.
  function showSelection() {
    const listed = document.getElementById("count").dataset;
    if (selected.all !== listed.foundBy) selected.all = "";
    const boxes = picks();
    for (const box of boxes) box.checked = Boolean(selected.all) || box.value in selected.ids;
    showHead(boxes);
    showBar(listed);
    fillForm(boxes, listed);
  }

  function showHead(boxes) {
    const head = document.querySelector("[data-pick-all]");
    if (!head) return;
    const ticked = boxes.filter((box) => box.checked).length;
    head.checked = ticked > 0 && ticked === boxes.length;
    head.indeterminate = ticked > 0 && ticked < boxes.length;
  }

  function showBar(listed) {
    const count = Object.keys(selected.ids).length;
    const matching = Number(listed.count).toLocaleString("en");
    selectionBar.classList.toggle("on", count > 0 || Boolean(selected.all));
    const words = selected.all ? `All ${matching} that match` : `${count.toLocaleString("en")} selected`;
    const place = selectionBar.querySelector("[data-selection-count]");
    if (place.textContent !== words) place.textContent = words;
    const more = selectionBar.querySelector("[data-select-all]");
    more.hidden = Boolean(selected.all) || listed.count === "0";
    more.textContent = `Select all ${matching} that match`;
    const types = selected.all ? [listed.type] : Object.values(selected.ids);
    const mayDelete = types.every((type) => type === "ground_truth");
    selectionBar.querySelector("[data-delete]").disabled = !mayDelete;
    selectionBar.querySelector("[data-why-not-delete]").hidden = mayDelete;
  }

  function fillForm(boxes, listed) {
    const here = new Set(boxes.map((box) => box.value));
    const elsewhere = Object.keys(selected.ids).filter((id) => !here.has(id));
    selectionBar.elements.jobs.value = selected.all ? "" : elsewhere.join(",");
    selectionBar.elements.query.value = listed.query;
    selectionBar.elements.all.checked = Boolean(selected.all);
  }

  document.addEventListener("htmx:afterSettle", showSelection);
  document.addEventListener("rows:changed", showSelection);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    selected = keptSelection();
    showSelection();
  });
  showSelection();
}
