// A long import shows how far it is; the form for one shows the columns of a table as soon as it is chosen.
"use strict";

const AGAIN = 1000;
const BEGINNING = 256 * 1024;

function follow(place) {
  const bar = place.querySelector("progress");
  const text = place.querySelector("[data-progress-text]");
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.progress, { credentials: "same-origin", redirect: "error" });
      const found = await answer.json();
      if (found.state !== "reading" && found.state !== "applying") return location.reload();
      bar.max = Math.max(found.read, 1);
      bar.value = found.applied;
      text.textContent = found.state === "reading" ? `${found.read} records read` : `${found.applied} of ${found.read}`;
    } catch {
      // The portal does not answer now; the next round asks again.
    }
    setTimeout(ask, AGAIN);
  };
  setTimeout(ask, AGAIN);
}

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-progress]")) follow(place);
  const kind = document.querySelector("select[data-accepts]");
  if (kind) {
    const accepts = JSON.parse(kind.dataset.accepts);
    const help = kind.closest(".sw-field").querySelector(".sw-help");
    const before = help.textContent;
    const say = () => { help.textContent = accepts[kind.value] ? `Takes ${accepts[kind.value]}.` : before; };
    kind.addEventListener("change", say);
    say();
  }
  const files = document.querySelector("input.sw-files");
  if (!files) return;
  files.form.addEventListener("submit", () => {
    const button = files.form.querySelector("button[type=submit]");
    // Not disabled before the browser has taken the form.
    setTimeout(() => { button.disabled = true; button.textContent = "Reading …"; }, 0);
  });
});
