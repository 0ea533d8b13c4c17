// Uploading log files: what was chosen, and how far it is. Without this file the form works as a plain one.
"use strict";

const megabytes = (bytes) => `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB`;

document.addEventListener("change", (event) => {
  if (!event.target.matches("#upload input[type=file]")) return;
  const { files } = event.target;
  const chosen = event.target.closest(".drop").querySelector("[data-chosen]");
  if (files.length) chosen.textContent = files.length === 1 ? files[0].name : `${files.length} files`;
});

// The answer has a progress of its own, which says nothing: only that of the bytes sent counts.
const show = (form, loaded, total, words) => {
  const place = form.querySelector("[data-progress]");
  if (!place) return;
  const bar = place.querySelector("progress");
  place.hidden = false;
  if (total) { bar.max = total; bar.value = loaded; }
  place.querySelector("span").textContent = words;
};
let sent = 0;
document.addEventListener("htmx:beforeSend", (event) => { if (event.target.id === "upload") sent = 0; });
document.addEventListener("htmx:xhr:progress", (event) => {
  const { loaded, total, lengthComputable } = event.detail;
  if (event.target.id !== "upload" || !lengthComputable || loaded < sent) return;
  sent = loaded;
  const words = loaded < total ? `${megabytes(loaded)} of ${megabytes(total)}` : "All is sent. The files are checked.";
  show(event.target, loaded, total, words);
});
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (event.target.id === "upload") show(event.target, 0, 0, "The upload broke off. Nothing was kept; try again.");
  });
}

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { const drop = event.target.closest?.("#upload .drop"); if (drop) drop.dataset.over = ""; });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => { const drop = event.target.closest?.("#upload .drop"); if (drop) delete drop.dataset.over; });
}
