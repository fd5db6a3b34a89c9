// The bars of people share one scale, which is only known when their rows have arrived.
"use strict";

function rescale() {
  const bars = [...document.querySelectorAll(".load-bar[data-total]")];
  const longest = Math.max(1, ...bars.map((bar) => Number(bar.dataset.total)));
  for (const bar of bars) bar.setAttribute("width", `${(Number(bar.dataset.total) / longest) * 100}%`);
}

rescale();
document.addEventListener("htmx:afterSettle", rescale);
