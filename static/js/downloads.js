// Tells, wherever one is in the portal, that a file which was asked for is ready: by a toast, the mark in the navigation,
// the title of the tab, and a notification of the browser's where that was allowed. Looks only while one is awaited.
"use strict";

{
  const news = document.querySelector("[data-news]");
  const tell = document.querySelector("[data-tell]");
  const HIDDEN_TIMES = 4;
  const LONGEST_MS = 60_000;
  const told = new Set(news?.dataset.known.split(","));
  const plainTitle = document.title;
  let newsTimer = 0;
  let newsPace = 0;
  let newsFailures = 0;
  let newsAsked = false;
  let newsOver = !news;

  function planNews() {
    clearTimeout(newsTimer);
    if (newsOver) return;
    const pace = newsPace * 2 ** newsFailures * (document.hidden ? HIDDEN_TIMES : 1);
    newsTimer = setTimeout(lookForNews, Math.min(pace, LONGEST_MS));
  }

  async function lookForNews() {
    if (newsAsked || newsOver) return;
    newsAsked = true;
    try {
      const answer = await fetch(news.dataset.news, {
        headers: { "HX-Request": "true", Accept: "application/json" },
        signal: AbortSignal.timeout(30_000),
      });
      newsOver = answer.status === 401;
      if (!answer.ok) throw new Error(answer.status);
      takeNews(await answer.json());
      newsFailures = 0;
    } catch {
      newsPace ||= 2000;
      newsFailures += 1;
    }
    newsAsked = false;
    planNews();
  }

  function takeNews({ waiting, ready, over, pace }) {
    newsPace = pace;
    newsOver = waiting === 0;
    const fresh = over.filter(({ mark }) => !told.has(mark));
    for (const { mark } of fresh) told.add(mark);
    showMark(ready);
    if (isAtDownloads()) return fresh.length ? takeAtDownloads(fresh) : undefined;
    for (const one of fresh) tellOf(one);
    document.title = (ready ? `(${ready} ready) ` : "") + plainTitle;
  }

  function isAtDownloads() {
    return location.pathname === news.dataset.downloads;
  }

  function showMark(ready) {
    const mark = document.querySelector("[data-news-mark]");
    mark.hidden = !ready || isAtDownloads();
    mark.querySelector("[data-news-count]").textContent = ready;
  }

  function tellOf({ words, state, mark }) {
    const kind = state === "ready" ? "done" : "problem";
    showToast({ words, kind, href: news.dataset.downloads, link: "Go to Downloads", here: true });
    notify(words, mark);
  }

  // The list looks by itself, but not in a tab that nobody sees: there its title and a notification tell.
  function takeAtDownloads(fresh) {
    for (const { words, mark } of fresh) notify(words, mark);
    refreshList();
  }

  // What is shown to somebody counts as looked at.
  function refreshList() {
    const place = new URL(location.href);
    if (!document.hidden) place.searchParams.set("looked", "1");
    htmx.ajax("GET", place.pathname + place.search, { target: "#downloads", swap: "outerHTML" });
  }

  function notify(words, mark) {
    if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
    const shown = new Notification("Jobs Portal", { body: words, tag: mark });
    shown.addEventListener("click", () => {
      window.focus();
      if (!isAtDownloads()) location.assign(news.dataset.downloads);
      shown.close();
    });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return planNews();
    lookForNews();
    if (news && isAtDownloads()) refreshList();
  });
  if (news) lookForNews();

  // Only a click may ask the browser for permission; where it was given or refused, there is nothing to ask.
  if (tell && news && "Notification" in window && Notification.permission === "default") {
    tell.hidden = false;
    tell.addEventListener("click", async () => {
      const answer = await Notification.requestPermission();
      tell.hidden = true;
      const words = {
        granted: "Your browser will tell you when it is ready, as long as a page of the portal is open.",
        denied: "Your browser does not let the portal tell you. It can be changed in its settings.",
      };
      showToast({ words: words[answer] ?? "Nothing was changed.", kind: "note" });
    });
  }
}
