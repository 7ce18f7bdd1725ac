// <form data-copy-to="#field" data-copy="text">: the text goes below what the field says, and on its way to the draft.
// Without this module the form is sent, and the server puts it into the draft.

document.addEventListener("submit", (event) => {
  const form = event.target;
  const field = form.dataset.copyTo && document.querySelector(form.dataset.copyTo);
  if (!field) return;
  event.preventDefault();
  field.value = [field.value.trimEnd(), form.dataset.copy].filter(Boolean).join("\n\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
});
