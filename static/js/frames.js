// The viewer: keys, the legend at once, what a shape is, zoom, the strip. Without it, links and forms do the same.
"use strict";

(() => {
  const ZOOMS = ["fit", "100", "200"];
  const KEYS = { ArrowLeft: "previous", ArrowRight: "next", Home: "first", End: "last", p: "previous_annotated", n: "next_annotated" };
  const viewer = () => document.getElementById("viewer");
  const stage = () => document.getElementById("stage");
  const svg = () => stage()?.querySelector("svg.frame");
  if (!viewer()) return;

  // A shape and its line in the list stand for the same object.
  function pairOf(element) {
    const one = element?.closest?.(".shape, .object");
    const number = one?.id.split("-")[1];
    return number && { number, shape: document.getElementById(`shape-${number}`), item: document.getElementById(`object-${number}`) };
  }

  let lit = null;

  function unlight() {
    for (const element of [lit?.shape, lit?.item]) element?.classList.remove("lit");
    lit = null;
    const tip = document.querySelector(".tip");
    if (tip) tip.hidden = true;
  }

  // The browser's own tooltip would say the same again, later.
  function wordsOf(shape) {
    const title = shape.querySelector("title");
    if (title) {
      shape.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return shape.getAttribute("aria-label");
  }

  function light(element) {
    const pair = pairOf(element);
    if (pair?.number === lit?.number) return;
    unlight();
    if (!pair) return;
    lit = pair;
    for (const one of [pair.shape, pair.item]) one?.classList.add("lit");
    if (!pair.shape) return;
    const words = wordsOf(pair.shape);
    if (element.closest(".shape")) {
      showTip(pair.shape, words);
      intoView(pair.item);
    }
  }

  function intoView(item) {
    const list = item?.closest(".objects");
    if (!list || list.scrollHeight <= list.clientHeight) return;
    const box = item.getBoundingClientRect();
    const around = list.getBoundingClientRect();
    if (box.top < around.top || box.bottom > around.bottom) list.scrollTop += box.top - around.top - list.clientHeight / 3;
  }

  function showTip(shape, words) {
    const tip = document.querySelector(".tip");
    const around = tip.parentElement.getBoundingClientRect();
    const box = shape.getBoundingClientRect();
    tip.textContent = words;
    tip.hidden = false;
    const left = Math.min(Math.max(box.left - around.left, 4), around.width - tip.offsetWidth - 4);
    const below = box.bottom - around.top + 6;
    const above = box.top - around.top - tip.offsetHeight - 6;
    const top = below + tip.offsetHeight <= around.height ? below : Math.max(above, 4);
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${top}px`;
  }

  document.addEventListener("pointerover", (event) => light(event.target));
  document.addEventListener("focusin", (event) => light(event.target));

  // From a shape to its line and back; the page moves only where the other end would not be seen.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.shape, a.object-head");
    const pair = pairOf(link);
    if (!pair) return;
    event.preventDefault();
    if (link.matches(".shape")) {
      pair.item?.querySelector("a")?.focus({ preventScroll: true });
      intoView(pair.item);
      pair.item?.scrollIntoView({ block: "nearest" });
    } else {
      pair.shape?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    light(link);
  });

  // The legend: at once here; the steps and the strip, which depend on it, come from the server.
  function chosen(name) {
    return new Set([...document.querySelectorAll(`#frame-filter input[type=checkbox][name=${name}]:checked`)].map((box) => box.value));
  }

  function applyFilter() {
    const labels = chosen("label");
    const kinds = chosen("kind");
    for (const one of document.querySelectorAll(".shape, .object")) {
      one.classList.toggle("off", !labels.has(one.dataset.label) || !kinds.has(one.dataset.kind));
    }
    const shown = document.querySelectorAll(".object:not(.off)").length;
    const boxes = document.querySelectorAll("#frame-filter input[type=checkbox][id]:not([name=annotated])");
    document.querySelector("[data-shown]").textContent = shown.toLocaleString("en");
    document.querySelector("[data-nothing]").hidden = shown > 0 || !document.querySelector(".object");
    document.querySelector("[data-show-all]").hidden = [...boxes].every((box) => box.checked);
    unlight();
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form?.id === "frame-filter") {
      if (event.target.name !== "annotated") applyFilter();
      form.requestSubmit();
    } else if (event.target.matches(".scrub")) {
      scrub(event.target);
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-show-all]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const form = document.getElementById("frame-filter");
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = true;
    applyFilter();
    form.requestSubmit();
  });

  // What is styled from here has no id: HTMX would write the style into the page, which the policy forbids.
  // The strip. Its ends lie in the middle of the first and the last bar.
  function fitScrub() {
    const range = document.querySelector(".scrub");
    if (!range) return;
    const half = 50 / (Number(range.max) + 1);
    range.style.left = `${half}%`;
    range.style.width = `${100 - 2 * half}%`;
  }

  function step(href, focus) {
    if (viewer().matches(".is-stepping")) return;
    htmx.ajax("GET", href, { source: document.getElementById("frame-nav"), target: "#viewer", swap: "outerHTML" }).then(focus);
  }

  function scrub(range) {
    step(range.dataset.href + range.value, () => document.querySelector(".scrub")?.focus());
  }

  document.addEventListener("input", (event) => {
    const range = event.target;
    if (!range.matches(".scrub")) return;
    const here = range.parentElement.querySelector(".strip-here");
    const [, , width, height] = range.parentElement.querySelector("svg").getAttribute("viewBox").split(" ").map(Number);
    const at = ((Number(range.value) + 0.5) * width) / (Number(range.max) + 1);
    here.setAttribute("d", `M${at} 0v${height}`);
    const first = range.dataset.first;
    const words = first === undefined ? `Position ${Number(range.value) + 1}` : `Frame ${Number(first) + Number(range.value)}`;
    range.setAttribute("aria-valuetext", words);
  });

  // Zoom: at once here, with the middle of what is seen kept; the address follows.
  function zoom(to) {
    const place = stage();
    const drawing = svg();
    if (!drawing || place.classList.contains(`zoom-${to}`)) return;
    const middle = [(place.scrollLeft + place.clientWidth / 2) / place.scrollWidth, (place.scrollTop + place.clientHeight / 2) / place.scrollHeight];
    for (const one of ZOOMS) place.classList.toggle(`zoom-${one}`, one === to);
    const share = to === "fit" ? 1 : Number(to) / 100;
    drawing.setAttribute("width", drawing.dataset.width * share);
    drawing.setAttribute("height", drawing.dataset.height * share);
    place.scrollLeft = middle[0] * place.scrollWidth - place.clientWidth / 2;
    place.scrollTop = middle[1] * place.scrollHeight - place.clientHeight / 2;
    const kept = document.querySelector("#frame-filter input[name=zoom]");
    if (kept) kept.value = to;
    unlight();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zoom-to]");
    if (link && !event.ctrlKey && !event.metaKey) zoom(link.dataset.zoomTo);
  }, true);

  // What was chosen just now holds for the next request, though the links don't know of it yet.
  document.addEventListener("htmx:configRequest", (event) => {
    const form = document.getElementById("frame-filter");
    if (!form || !event.target.closest?.("#frame-nav")) return;
    const { detail } = event;
    const [path, query] = detail.path.split("?");
    const asked = new URLSearchParams(query);
    const wanted = new URLSearchParams(new FormData(form));
    for (const name of ["frame", "place"]) {
      const value = detail.formData.get(name) ?? asked.get(name);
      if (value !== null) wanted.set(name, value);
    }
    for (const name of [...detail.formData.keys()]) detail.formData.delete(name);
    detail.path = `${path}?${wanted}`;
  });

  function zoomBy(key) {
    const now = ZOOMS.findIndex((one) => stage().classList.contains(`zoom-${one}`));
    const to = key === "0" ? 0 : Math.min(Math.max(now + (key === "-" ? -1 : 1), 0), ZOOMS.length - 1);
    document.getElementById(`zoom-${ZOOMS[to]}`)?.click();
  }

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input:not([type=checkbox]), textarea, select, .menu, [data-popover]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !viewer()) return;
    if (["+", "=", "-", "0"].includes(event.key)) {
      event.preventDefault();
      zoomBy(event.key);
      return;
    }
    // Also where the picture could scroll sideways: the same keys always do the same.
    if (!(event.key in KEYS) || (event.shiftKey && event.key.length > 1)) return;
    event.preventDefault();
    if (!viewer().matches(".is-stepping")) document.querySelector(`a#step-${KEYS[event.key]}`)?.click();
  });

  // One step at a time, however fast the keys come.
  document.addEventListener("htmx:beforeSend", (event) => {
    if (event.detail.target?.id === "viewer") viewer()?.classList.add("is-stepping");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target?.id === "viewer") viewer()?.classList.remove("is-stepping");
  });

  // A picture that can't be had is said; the one that is wanted next is fetched meanwhile.
  function lookAtPicture() {
    const picture = document.querySelector(".frame-picture");
    const problem = document.querySelector("[data-picture-problem]");
    const ahead = viewer().dataset.preload;
    const fetchAhead = () => ahead && (new Image().src = ahead);
    if (!picture?.decode) return;
    picture.decode().then(fetchAhead, () => {
      if (picture.isConnected) problem.hidden = false;
    });
  }

  let scrolled = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const place = stage();
    scrolled = event.detail.target?.id === "viewer" && place ? [place.scrollLeft, place.scrollTop] : null;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const id = event.detail.target?.id ?? event.target.id;
    if (id !== "viewer" && id !== "frame-nav") return;
    fitScrub();
    if (id !== "viewer") return;
    lit = null;
    if (scrolled) [stage().scrollLeft, stage().scrollTop] = scrolled;
    const { title, said } = viewer().dataset;
    document.title = `${title} · Jobs Portal`;
    document.getElementById("frame-said").textContent = said;
    // A step that has come to its end can't be focused any more.
    if (document.activeElement === document.body) stage().focus({ preventScroll: true });
    lookAtPicture();
  });

  fitScrub();
  lookAtPicture();
})();
