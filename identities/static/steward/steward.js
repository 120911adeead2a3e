// Small manners of the pages: copy buttons, the tenant switch, and a secret's page that a reload cannot send again.
"use strict";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const area = document.createElement("textarea");
    area.value = button.dataset.copy;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.classList.add("sw-copied");
  button.title = "Copied";
  setTimeout(() => button.classList.remove("sw-copied"), 1500);
});

document.addEventListener("change", (event) => {
  const field = event.target.closest("[data-submit-on-change]");
  if (field) field.form.submit();
});

document.addEventListener("DOMContentLoaded", () => {
  const page = document.querySelector("[data-replace-address]");
  if (page) history.replaceState(null, "", page.dataset.replaceAddress);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});

// Sheets that drop down (filters, export, save): a click beside one closes it, and so does Escape, from wherever it is.
const DROPS = "details.sw-filters[open], details.sw-drop[open]";

document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll(DROPS)) if (!open.contains(event.target)) open.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll(DROPS)) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// Groups of the sidebar stay as they were left; the group of the open page is open whatever was left.
const GROUPS = "steward-groups";

document.addEventListener("DOMContentLoaded", () => {
  const groups = [...document.querySelectorAll("#nav-sidebar-apps [data-group]")];
  let left = [];
  try {
    left = JSON.parse(localStorage.getItem(GROUPS)) ?? [];
  } catch {
    return;
  }
  for (const group of groups) {
    if (left.includes(group.dataset.group)) group.open = true;
    group.querySelector("summary").addEventListener("click", () => {
      // Asked before the browser turns it.
      left = left.filter((name) => name !== group.dataset.group);
      if (!group.open) left.push(group.dataset.group);
      localStorage.setItem(GROUPS, JSON.stringify(left));
    });
  }
});
