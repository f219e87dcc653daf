// An <input type="file" data-preview> shows what was chosen: name, size, and how it begins.
const BEGIN = 2000; // bytes
const LARGEST = 12 * 1024 * 1024; // bytes: a value has 16 MB, and a file is written as text that is a third longer
const TEXT = /^text\/|json|xml|yaml|javascript|x-sh|^$/;

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][data-preview]")) show(event.target);
});

async function show(input) {
  const box = input.parentElement.querySelector(".file-preview") ?? document.createElement("div");
  box.className = "file-preview";
  box.setAttribute("role", "status");
  input.after(box);
  const [file] = input.files;
  if (!file) return box.remove();
  const about = document.createElement("p");
  about.textContent = `${file.name}, ${size(file.size)}${file.size > LARGEST ? ": too large, a file may have 12 MB" : ""}`;
  box.replaceChildren(about);
  if (file.size > LARGEST) return;
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
    const image = document.createElement("img");
    image.alt = `Preview of ${file.name}`;
    image.src = await asUrl(file);
    box.append(image);
  } else if (TEXT.test(file.type)) {
    const begin = await file.slice(0, BEGIN).text();
    if (begin.includes("\0")) return;
    const code = document.createElement("pre");
    code.tabIndex = 0;
    code.ariaLabel = `How ${file.name} begins`;
    code.textContent = begin + (file.size > BEGIN ? "\n…" : "");
    box.append(code);
  }
}

function asUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
