// Toasts: what was done, in a corner, told to screen readers. What the server put into the page, [data-toast], becomes one.
const PATIENCE = 8000; // milliseconds; nobody loses one that they point at or have the focus in

const stack = document.createElement("div");
stack.className = "toasts";
stack.setAttribute("role", "status");
document.body.append(stack);

/** Shows a text until it is closed, or some seconds have passed. `undo` is { text, act }. */
export function toast(text, undo) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(iconOf("circle-check"), Object.assign(document.createElement("p"), { textContent: text }));
  if (undo) box.append(buttonOf(undo.text, () => { box.remove(); undo.act(); }, "btn btn-xs"));
  const close = buttonOf("", () => box.remove(), "btn btn-ghost btn-xs btn-square");
  close.setAttribute("aria-label", "Close");
  close.append(iconOf("x"));
  box.append(close);
  stack.append(box);
  leave(box);
}

function leave(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? leave(box) : box.remove()), PATIENCE);
}

function buttonOf(text, act, classes) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: classes, textContent: text });
  button.addEventListener("click", act);
  return button;
}

function iconOf(name) {
  const sheet = document.querySelector("svg use")?.getAttribute("href").replace(/#.*/, "");
  const holder = document.createElement("template");
  holder.innerHTML = `<svg class="icon" aria-hidden="true" focusable="false"><use href="${sheet}#${name}"></use></svg>`;
  return holder.content.firstChild;
}

for (const told of document.querySelectorAll("[data-toast]")) {
  const text = told.textContent.trim();
  told.remove();
  setTimeout(() => toast(text), 50); // screen readers hear only what comes into a region that is there already
}
