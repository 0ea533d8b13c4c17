// The workbench of a review. Without this file everything works by plain forms.
"use strict";

// Say so when an answer could not be saved as it was typed: nothing is lost, it stands in the form.
const sayNotSaved = () => {
  const trouble = document.getElementById("trouble");
  const saved = document.getElementById("saved");
  if (saved) saved.textContent = "Not saved.";
  if (trouble) {
    const message = document.createElement("p");
    message.className = "message";
    message.dataset.v = "fail";
    message.textContent = "Not saved: the portal did not answer. What you typed is still in the form. Try “Save answer”.";
    trouble.replaceChildren(message);
  }
};
document.addEventListener("htmx:sendError", sayNotSaved);
document.addEventListener("htmx:responseError", sayNotSaved);

// Leaving while the last letters are not saved yet asks first.
let unsaved = false;
const answer = document.getElementById("answer");
if (answer) {
  answer.addEventListener("input", () => { unsaved = true; });
  answer.addEventListener("submit", () => { unsaved = false; });
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
}

// The drop zone shows what was chosen.
for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input[type=file]");
  const chosen = drop.querySelector("[data-chosen]");
  input.addEventListener("change", () => { if (chosen && input.files.length) chosen.textContent = input.files[0].name; });
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => { drop.dataset.over = ""; });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => { delete drop.dataset.over; });
}
