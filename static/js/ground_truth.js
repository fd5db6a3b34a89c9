// The form for a new ground truth job: numbers and pictures in step, and how many frames it will be.
// Without this script the portal does the same when the form is sent.
"use strict";

(() => {
  const form = document.querySelector(".gt-form");
  if (!form) return;
  const list = form.elements.frames;
  const size = Number(form.dataset.size);
  const most = 100000; // As many as the portal takes by hand.
  const button = form.querySelector(".actions .primary");
  const plain = button.textContent;
  const number = new Intl.NumberFormat("en");

  // "0-9, 15" as a set; null while it can't be read.
  function read(text) {
    const frames = new Set();
    for (const part of text.split(/[,;\n]+|(?<=\d)\s+(?=\d)/).map((piece) => piece.trim()).filter(Boolean)) {
      const found = /^(\d{1,12})(?:\s*[-–—]\s*(\d{1,12}))?$/.exec(part);
      if (!found) return null;
      const first = Number(found[1]);
      const last = Number(found[2] ?? found[1]);
      if (first > last || last >= size || last - first >= most) return null;
      for (let frame = first; frame <= last; frame += 1) frames.add(frame);
      if (frames.size > most) return null;
    }
    return frames;
  }

  function write(frames) {
    const runs = [];
    for (const frame of [...frames].sort((a, b) => a - b)) {
      const run = runs.at(-1);
      if (run && run[1] === frame - 1) run[1] = frame;
      else runs.push([frame, frame]);
    }
    return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
  }

  function say(frames) {
    const many = frames && `${number.format(frames.size)} of ${number.format(size)} frames chosen`;
    form.querySelector("[data-count]").textContent = many ?? "";
  }

  // The list as it is typed is what counts; the marks follow.
  function follow() {
    const frames = read(list.value);
    say(frames);
    if (!frames) return;
    for (const box of form.querySelectorAll("[name=pick]")) box.checked = frames.has(Number(box.value));
  }

  function pick(box) {
    const frames = read(list.value);
    if (!frames) return; // What can't be read is not overwritten; the portal keeps both.
    if (box.checked) frames.add(Number(box.value));
    else frames.delete(Number(box.value));
    list.value = write(frames);
    forgetError(list);
    say(frames);
  }

  // What was said about a field no longer holds once it is changed.
  function forgetError(field) {
    const place = field.closest(".has-error");
    place?.classList.remove("has-error");
    place?.querySelector(".error")?.remove();
    field.removeAttribute("aria-invalid");
  }

  // The button says what it makes: a number with the wrong unit is seen before it is sent.
  function promise(frames, about = "") {
    button.textContent = frames ? `${plain} with ${about}${number.format(frames)} frame${frames === 1 ? "" : "s"}` : plain;
  }

  function result() {
    const method = form.elements.method.value;
    promise(method === "manual" ? read(list.value)?.size : 0);
    const amount = Number(form.elements.amount.value.trim());
    const place = form.querySelector("[data-result]");
    place.textContent = "";
    const isShare = form.elements.unit.value === "percent";
    if (method === "manual" || !(amount > 0) || !(isShare || Number.isInteger(amount))) return;
    const jobs = Number(form.dataset.jobs);
    const perJob = Number(form.dataset.perJob);
    if (method === "random_per_job") {
      const each = isShare ? Math.max(1, Math.floor((amount * perJob) / 100)) : amount;
      const all = Math.min(each * jobs, size);
      if (each > perJob) return;
      place.textContent = `= ${number.format(each)} from each of ${number.format(jobs)} jobs, about ${number.format(all)} frames`;
      promise(all, "about ");
    } else {
      const all = isShare ? Math.max(1, Math.floor((Math.round(amount * 100) * size) / 10000 + 0.5)) : amount;
      if (all > size) return;
      place.textContent = `= ${number.format(all)} of ${number.format(size)} frames`;
      promise(all);
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target === list) follow();
    if (event.target === list || event.target.matches("[name=amount], [name=unit], [name=method]")) result();
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("[name=pick]")) pick(event.target);
    else if (!event.target.matches("[name=method]")) forgetError(event.target);
    result();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.name !== "near") return;
    event.preventDefault();
    form.querySelector("[name=at][value=near]").click();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!form.contains(event.target)) return;
    follow();
    form.querySelector(".pictures input")?.focus({ preventScroll: true });
  });

  follow();
  result();
})();
