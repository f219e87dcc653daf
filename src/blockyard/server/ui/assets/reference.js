// Shows the OpenAPI document with Swagger UI, which comes with the server: nothing is loaded from elsewhere, nor told to anybody.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

const place = document.getElementById("reference");
const root = document.documentElement;

function followTheme() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.classList.toggle("dark-mode", (root.dataset.theme || (dark ? "dark" : "light")) === "dark");
}

/** Operations are grouped by what their address begins with, such as `meshprojects`. */
function groupOf(path) {
  const [, thing] = path.match(/^\/api\/(?:meshobjects|blockyard\/v1|terraform)\/([^/{]+)/) ?? [];
  return thing ?? "server";
}

followTheme();
new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });

const spec = await (await fetch(place.dataset.document)).json();
for (const [path, operations] of Object.entries(spec.paths)) {
  for (const operation of Object.values(operations)) operation.tags = [groupOf(path)];
}
SwaggerUI({
  domNode: place,
  spec,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tagsSorter: "alpha",
  defaultModelsExpandDepth: -1,
  validatorUrl: null, // it would send the document to others
});
