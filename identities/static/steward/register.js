// The list of the register: how many rows are ticked, all of a page at once, and filters that leave no empty parameters.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.getElementById("changelist-form");
  const all = form && form.querySelector("[data-tick-all]");
  if (all) {
    const boxes = [...form.querySelectorAll("input[name=ids]")];
    const matching = form.querySelector("[data-all-matching]");
    const said = form.querySelector("[data-ticked]");
    const count = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      all.checked = ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
      said.textContent = matching.checked ? "All ticked" : ticked ? `${ticked} ticked` : "None ticked";
      form.classList.toggle("sw-any-ticked", ticked > 0 || matching.checked);
    };
    all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); count(); });
    form.addEventListener("change", count);
    count();
  }
  const unfinished = document.querySelector("form[data-go-on]");
  if (unfinished) setTimeout(() => unfinished.submit(), 150);
  const find = document.getElementById("changelist-search");
  if (find) {
    find.addEventListener("submit", () => {
      find.querySelectorAll("input[name], select[name]").forEach((field) => { field.disabled = field.value === ""; });
    });
    window.addEventListener("pageshow", () => {
      find.querySelectorAll("input[name], select[name]").forEach((field) => { field.disabled = false; });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
      event.preventDefault();
      find.querySelector("input[name=q]").focus();
    });
  }
});
