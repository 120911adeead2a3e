// Places that keep themselves up to date, and forms that show what would come of them while somebody types.
"use strict";

const EVERY = 5000;
const PAUSE = 400;
const PACE = 1500;

async function fetched(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", redirect: "error", ...options });
  if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function renew(place) {
  if (document.hidden) return;
  try {
    const page = await fetched(place.dataset.live);
    const found = page.querySelector("[data-live]");
    if (found && found.innerHTML !== place.innerHTML) place.replaceChildren(...found.childNodes);
  } catch {
    // The portal does not answer, or the session has ended: what is shown stays, the next round asks again.
  }
}

function watch(form) {
  const names = form.dataset.previewFields.split(" ");
  const place = form.querySelector("#sw-preview");
  let timer = null;
  let asked = 0;
  const show = async () => {
    if (names.some((name) => form.elements[name]?.required && !form.elements[name].value)) return;
    const number = ++asked;
    const data = new FormData(form);
    data.set("preview", "1");
    place.classList.add("sw-foreseen-waits");
    try {
      const page = await fetched(form.getAttribute("action") || location.href, { method: "POST", body: data });
      if (number !== asked) return;
      const found = page.querySelector("#sw-preview");
      const wrong = names.flatMap((name) => [...page.querySelectorAll(`[data-field="${name}"] .sw-error`)]);
      place.replaceChildren(...(wrong.length ? wrong : found ? found.childNodes : []));
    } catch {
      // Without an answer the button below still asks in the plain way.
    } finally {
      if (number === asked) place.classList.remove("sw-foreseen-waits");
    }
  };
  const later = (event) => {
    if (!names.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  // The select boxes of the theme tell only jQuery of a change.
  window.django?.jQuery?.(form).on("change", later);
  show();
}

function follow(place) {
  setTimeout(async () => {
    let next = place;
    try {
      const found = document.hidden ? null : (await fetched(location.href)).querySelector(".sw-page");
      if (found && found.innerHTML !== place.innerHTML) {
        place.replaceWith(found);
        next = found;
      }
    } catch {
      // As above: the next round asks again.
    }
    if (next.hasAttribute("data-follow")) follow(next);
  }, PACE);
}

document.addEventListener("DOMContentLoaded", () => {
  for (const place of document.querySelectorAll("[data-follow]")) follow(place);
  for (const place of document.querySelectorAll("[data-live]")) setInterval(() => renew(place), EVERY);
  for (const form of document.querySelectorAll("form[data-preview-fields]")) watch(form);
});
