// Bundles the pages' CSS, JavaScript and icons into ../static/dist, with a hash of the content in every name and a
// manifest that the server reads. Run it with `make ui`; `node build.mjs --watch` rebuilds on every change.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";

const LARGEST_SCRIPTS = 200_000; // bytes, gzipped, all scripts together but the reference of the API
const LARGEST_REFERENCE = 500_000; // bytes, gzipped; nobody loads it elsewhere

const assets = dirname(fileURLToPath(import.meta.url));
const dist = join(assets, "..", "static", "dist");
const require = createRequire(import.meta.url);

/** Every *.js beside this file is a module that a page may load; what they share goes into a chunk of its own. */
async function scripts(into) {
  const entryPoints = readdirSync(assets).filter((name) => name.endsWith(".js")).map((name) => join(assets, name));
  const { metafile } = await esbuild.build({
    entryPoints, bundle: true, splitting: true, format: "esm", target: "es2022", minify: true, metafile: true,
    entryNames: "[name]-[hash]", chunkNames: "chunk-[hash]", outdir: into, legalComments: "linked", logLevel: "warning",
  });
  const built = Object.entries(metafile.outputs).filter(([path, output]) => output.entryPoint && path.endsWith(".js"));
  return Object.fromEntries(built.flatMap(([path, output]) => {
    const name = basename(output.entryPoint);
    const styles = output.cssBundle ? [[name.replace(/js$/, "css"), basename(output.cssBundle)]] : [];
    return [[name, basename(path)], ...styles];
  }));
}

/** Tailwind writes only the classes that the templates use. */
function styles(into) {
  const cli = join(dirname(require.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
  const plain = join(into, "app.css");
  execFileSync(process.execPath, [cli, "--input", join(assets, "app.css"), "--output", plain, "--minify"], {
    stdio: ["ignore", "ignore", "pipe"], // what it says is part of the error, if there is one
  });
  const css = readFileSync(plain);
  rmSync(plain);
  return write(into, "app", "css", css);
}

/** One sheet with the icons that icons.json names, each as a <symbol>. */
function icons(into) {
  const folder = join(dirname(require.resolve("lucide-static/package.json")), "icons");
  const symbols = JSON.parse(readFileSync(join(assets, "icons.json"), "utf8")).map((name) => {
    const drawing = readFileSync(join(folder, `${name}.svg`), "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" `
      + `stroke-linecap="round" stroke-linejoin="round">${drawing.replace(/\s+/g, " ").trim()}</symbol>`;
  });
  return write(into, "icons", "svg", `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

function write(into, name, ending, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  writeFileSync(join(into, `${name}-${hash}.${ending}`), content);
  return `${name}-${hash}.${ending}`;
}

/** Third-party code names its licenses in a file beside it. */
function licenses(into) {
  const file = "swagger-ui-es-bundle.js.LICENSE.txt";
  writeFileSync(join(into, file), readFileSync(require.resolve(`swagger-ui-dist/${file}`)));
}

function checkSize(folder) {
  const size = (names) => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).length, 0);
  const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const isReference = (name) => name.startsWith("reference-");
  for (const [some, largest] of [
    [scripts.filter((name) => !isReference(name)), LARGEST_SCRIPTS], [scripts.filter(isReference), LARGEST_REFERENCE],
  ]) {
    if (size(some) > largest) throw new Error(`${some} have ${size(some)} bytes gzipped, more than ${largest}`);
  }
}

async function build() {
  const next = `${dist}.${process.pid}`;
  mkdirSync(next, { recursive: true });
  try {
    const manifest = { ...(await scripts(next)), "app.css": styles(next), "icons.svg": icons(next) };
    licenses(next);
    checkSize(next);
    writeFileSync(join(next, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(dist, { recursive: true, force: true });
    renameSync(next, dist);
  } finally {
    if (existsSync(next)) rmSync(next, { recursive: true });
  }
}

await build();
if (process.argv.includes("--watch")) {
  let due;
  const again = () => {
    clearTimeout(due);
    due = setTimeout(() => build().catch((problem) => console.error(problem.message)), 100);
  };
  for (const folder of ["assets", "frame", "pages"]) watch(join(assets, "..", folder), { recursive: true }, again);
}
