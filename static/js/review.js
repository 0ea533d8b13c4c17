// The workbench of a review. Without this file everything works by plain forms.
"use strict";

// Say so when an answer could not be saved as it was typed: nothing is lost, it stands in the form.
const sayNotSaved = (why) => {
  const trouble = document.getElementById("trouble");
  const saved = document.getElementById("saved");
  if (saved) saved.textContent = "Not saved.";
  if (trouble) {
    const message = document.createElement("p");
    message.className = "message";
    message.dataset.v = "fail";
    message.textContent = `Not saved: ${why} What you typed is still in the form.`;
    trouble.replaceChildren(message);
  }
};
document.addEventListener("htmx:sendError", () => sayNotSaved("the portal cannot be reached. Try “Save answer” in a moment."));
document.addEventListener("htmx:responseError", () => sayNotSaved("the portal refused it. Try “Save answer” to see why."));
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, requestConfig } = event.detail;
  const arrived = xhr.responseURL && new URL(xhr.responseURL).pathname;
  if (arrived && arrived !== new URL(requestConfig.path, location.href).pathname) {
    sayNotSaved("you are signed out. Sign in in another window, then save here again.");
  }
});

// Leaving while the last letters are not saved yet asks first.
let unsaved = false;
const answer = document.getElementById("answer");
if (answer) {
  answer.addEventListener("input", () => { unsaved = true; });
  document.addEventListener("answerSaved", () => { unsaved = false; });
  document.addEventListener("submit", (event) => { if (event.target.action === answer.action) unsaved = false; });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-leave]")) unsaved = false; });
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
