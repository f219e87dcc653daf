// A <button data-copy="#id"> copies the text (or value) of that element and says so for two seconds; where it may not, it selects it.
const said = document.createElement("div");
said.className = "sr-only";
said.setAttribute("role", "status");
document.body.append(said);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  const source = button && document.querySelector(button.dataset.copy);
  if (!source) return;
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
  } catch {
    // a browser may forbid it, and over plain HTTP there is no clipboard at all
    getSelection().selectAllChildren(source);
    source.select?.();
    said.textContent = "The browser does not let this page copy. The text is selected: copy it by the keyboard.";
    return;
  }
  said.textContent = "Copied";
  const shape = button.querySelector("use");
  const before = shape?.getAttribute("href");
  shape?.setAttribute("href", before.replace(/#.*/, "#check"));
  setTimeout(() => {
    said.textContent = "";
    shape?.setAttribute("href", before);
  }, 2000);
});
