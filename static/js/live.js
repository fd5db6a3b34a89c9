// Rows on the screen are asked for again now and then, and replaced where they differ, without moving what one reads,
// types or has open.
"use strict";

{
  const LIVE_MOST_SECONDS = 300;
  const LIVE_MOST_ROWS = 100;
  const results = document.getElementById("results");
  let liveTimer = 0;
  let liveFailures = 0;
  let liveAsked = false;
  let liveEnded = false;

  function liveSeconds() {
    return Number(results.dataset.live) || 0;
  }

  function isPaused() {
    return document.hidden || !navigator.onLine || liveEnded;
  }

  function sayLive() {
    const place = document.querySelector("[data-live-state]");
    if (!place) return;
    const isLive = !isPaused() && !liveFailures;
    place.textContent = isLive ? "live" : "paused";
    place.title = isLive ? `Rows on the screen are looked at again every ${liveSeconds()} s` : liveReason();
    place.classList.toggle("paused", !isLive);
  }

  function liveReason() {
    if (liveEnded) return "You are signed out. Reload the page to sign in.";
    return navigator.onLine ? "The portal does not answer. It goes on looking." : "You are offline.";
  }

  function plan() {
    clearTimeout(liveTimer);
    sayLive();
    if (!liveSeconds() || isPaused()) return;
    const seconds = Math.min(liveSeconds() * 2 ** liveFailures, Math.max(LIVE_MOST_SECONDS, liveSeconds()));
    liveTimer = setTimeout(look, seconds * 1000);
  }

  function rowsOnScreen() {
    const rows = [...document.querySelectorAll("tr.job:not(.gone)")];
    const seen = rows.filter((row) => {
      const box = row.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    });
    return seen.slice(0, LIVE_MOST_ROWS);
  }

  async function look() {
    const rows = rowsOnScreen();
    if (!liveSeconds() || isPaused() || liveAsked) return;
    if (!rows.length) return plan();
    liveAsked = true;
    try {
      const answer = await fetch(liveAddress(rows), {
        headers: { "HX-Request": "true", "HX-Current-URL": location.href },
        signal: AbortSignal.timeout(30_000),
      });
      liveEnded = answer.status === 401;
      if (!answer.ok) throw new Error(answer.status);
      take(new DOMParser().parseFromString(await answer.text(), "text/html"));
      liveFailures = 0;
    } catch {
      liveFailures += 1;
    }
    liveAsked = false;
    plan();
  }

  function liveAddress(rows) {
    const given = new URLSearchParams({
      ids: rows.map((row) => row.dataset.job).join(","),
      seen: rows.map((row) => row.dataset.mark).join(","),
      within: results.dataset.within,
    });
    return `${results.dataset.rows}?${given}`;
  }

  function take(found) {
    for (const fresh of found.querySelectorAll("tr.job")) {
      const old = document.getElementById(fresh.id);
      if (!old || old.dataset.mark === fresh.dataset.mark || isInUse(old)) continue;
      const row = document.adoptNode(fresh);
      keepPicture(old, row);
      row.classList.add("just-refreshed");
      old.replaceWith(row);
      htmx.process(row);
    }
    const gone = found.querySelector("table").dataset.gone;
    for (const id of gone ? gone.split(",") : []) markGone(document.getElementById(`job-${id}`));
    document.dispatchEvent(new Event("rows:changed"));
  }

  // The picture that is shown already doesn't blink.
  function keepPicture(old, row) {
    const [before, after] = [old, row].map((one) => one.querySelector(".thumb"));
    if (before && after && before.src === after.src) after.replaceWith(before);
  }

  // Whoever works in a row, reads or marks something there keeps it as it is.
  function isInUse(row) {
    const marked = getSelection();
    return (
      row.contains(document.activeElement) ||
      row.matches(".htmx-request") ||
      row.querySelector("[data-popover], .htmx-request") !== null ||
      (!marked.isCollapsed && marked.containsNode(row, true))
    );
  }

  function markGone(row) {
    if (!row || row.matches(".gone")) return;
    row.classList.add("gone");
    const word = document.createElement("span");
    word.className = "tag";
    word.textContent = "gone";
    word.title = "This job was deleted, or you may no longer see it";
    row.querySelector(".c-id").prepend(word, " ");
  }

  function lookNow() {
    clearTimeout(liveTimer);
    sayLive();
    if (!isPaused()) look();
  }

  document.addEventListener("visibilitychange", lookNow);
  window.addEventListener("online", lookNow);
  window.addEventListener("offline", plan);
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target === results) plan();
  });
  plan();
}
