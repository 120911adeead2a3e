// The keyboard screen of a reviewer: one key each, the next item fetched ahead. Without it the buttons do the same.
"use strict";

const place = document.getElementById("sw-review");
const said = document.getElementById("sw-review-said");
const help = document.getElementById("sw-review-help");
let ahead = new Map();
let since = performance.now();
let busy = false;

const section = () => place.querySelector(".sw-review");
const wordy = (target) => target.closest("input:not([type=checkbox]), select, textarea");

async function asked(address, options = {}) {
  const answer = await fetch(address, { credentials: "same-origin", redirect: "error", ...options });
  const text = await answer.text();
  if (answer.status === 422) throw new Error(text);
  if (!answer.ok) throw new Error(answer.status === 403 ? "You are signed out, or may not do this. Load the page again." : "That did not work. Load the page again.");
  return text;
}

const fragment = (query, more = "") => asked(`${place.dataset.here}${query}&fragment=1${more}`);

function fetchAhead() {
  const { prefetch, after, before } = section().dataset;
  const wanted = new Set([prefetch, after, before].filter(Boolean));
  ahead = new Map([...wanted].map((query) => [query, ahead.get(query) || fragment(query, "&ahead=1").catch(() => null)]));
}

function show(text, { announce = "" } = {}) {
  const page = new DOMParser().parseFromString(text, "text/html");
  place.replaceChildren(...page.body.childNodes);
  since = performance.now();
  const { item, place: where } = section().dataset;
  history.replaceState(null, "", item ? `?item=${item}` : place.dataset.here);
  said.textContent = [announce || section().dataset.said, where].filter(Boolean).join(" ");
  reveal();
  place.querySelector("h1")?.focus({ preventScroll: true });
  fetchAhead();
}

function reveal() {
  for (const chips of place.querySelectorAll(".sw-review-suggested")) chips.hidden = false;
}

function refuse(text) {
  const wrong = place.querySelector(".sw-review-wrong");
  wrong.textContent = text;
  wrong.hidden = false;
  busy = false;
  section().removeAttribute("aria-busy");
}

async function turn(which) {
  const query = section().dataset[which];
  if (!query || busy) return;
  const text = (await ahead.get(query)) || (await fragment(query).catch(() => null));
  if (text) show(text);
  else refuse("The portal does not answer. Try again.");
}

async function send(form) {
  if (busy || !form.reportValidity()) return;
  busy = true;
  section().setAttribute("aria-busy", "true");
  const data = new FormData(form);
  data.set("fragment", "1");
  data.set("seconds", ((performance.now() - since) / 1000).toFixed(2));
  try {
    const text = await asked(place.dataset.here, { method: "POST", body: data });
    ahead.clear();
    busy = false;
    show(text);
  } catch (error) {
    refuse(error.message || "The portal does not answer. Try again.");
  }
}

function open(panel) {
  for (const other of place.querySelectorAll("details[open]")) if (other !== panel) other.open = false;
  panel.open = true;
  const boxes = panel.querySelector("input[type=checkbox]");
  const first = panel.querySelector("[data-first]") || boxes || panel.querySelector("input[name=reason]");
  first.focus();
  if (first.select) first.select();
}

function close() {
  const panel = place.querySelector("details[open]");
  if (!panel) return false;
  panel.open = false;
  place.querySelector("h1")?.focus({ preventScroll: true });
  return true;
}

function step(panel, by) {
  const boxes = [...panel.querySelectorAll("input[type=checkbox]")];
  const at = boxes.indexOf(document.activeElement);
  if (at >= 0) boxes[Math.min(Math.max(at + by, 0), boxes.length - 1)].focus();
  return at >= 0;
}

function inPanel(event, panel) {
  const { key } = event;
  if (key === "Enter" && !event.target.closest("button, summary")) send(panel.querySelector("form"));
  else if (key === "ArrowDown" && step(panel, 1)) return true;
  else if (key === "ArrowUp" && step(panel, -1)) return true;
  else if (/^[1-3]$/.test(key) && !event.target.closest("[name=reviewer]") && untouched(panel)) fill(panel, Number(key) - 1);
  else return false;
  return true;
}

// A number chooses a reason until somebody begins to write one.
const untouched = (panel) => !panel.dataset.typed;

function fill(panel, number) {
  const chip = panel.querySelectorAll("[data-fill]")[number];
  if (chip) panel.querySelector("input[name=reason]").value = chip.dataset.fill;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !section() || help.open) return;
  const panel = place.querySelector("details[open]");
  const { key } = event;
  if (key === "Escape") return void (close() && event.preventDefault());
  if (panel?.contains(event.target) && inPanel(event, panel)) return void event.preventDefault();
  if (wordy(event.target)) return;
  const way = place.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (way) {
    event.preventDefault();
    if (event.repeat) return;
    if (way.tagName === "DETAILS") open(way);
    else send(way);
  } else if (key === "j" || key === "ArrowRight") turn("after");
  else if (key === "k" || key === "ArrowLeft") turn("before");
  else if (key === "?") help.showModal();
  else return;
  event.preventDefault();
});

place.addEventListener("input", (event) => {
  if (event.target.name === "reason") event.target.closest("details").dataset.typed = "1";
});

place.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target);
});

place.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-fill]");
  const link = event.target.closest("[data-turn]");
  const summary = event.target.closest("summary");
  if (chip) fill(chip.closest("details"), [...chip.parentElement.children].indexOf(chip));
  else if (event.target.closest("[data-help]")) help.showModal();
  else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    turn(link.dataset.turn);
  } else if (summary && !summary.parentElement.open) {
    event.preventDefault();
    open(summary.parentElement);
  }
});

reveal();
fetchAhead();
