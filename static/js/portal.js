// Small behaviours that HTML alone cannot give. Every action also works without this file.
"use strict";

// A link that is to be copied is selected as a whole.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

// After a form was refused, the first wrong field has the focus.
document.querySelector('[aria-invalid="true"]')?.focus();
