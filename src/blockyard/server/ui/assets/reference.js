// Shows the OpenAPI document with Swagger UI, which comes with the server: nothing is loaded from elsewhere, nor told to anybody.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./reference-theme.css";

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

/** What Swagger UI does not say of its elements. */
const NAMES = [
  [".opblock-tag", { "aria-level": "2" }],
  [".opblock-section-header h4, .responses-inner h5, .opblock-title, .modal-ux h3", { "aria-level": "3" }],
  [".operation-filter-input", { "aria-label": "Filter by tag" }],
  [".highlight-code pre, .example pre, pre.microlight", { tabindex: "0", role: "group", "aria-label": "Example" }],
  [".model-box, .table-container", { tabindex: "0", role: "group", "aria-label": "Schema" }],
  [".responses-table", { role: "table", "aria-label": "Responses" }],
  [".parameters select", { "aria-label": "Value" }],
  [".close-modal", { "aria-label": "Close" }],
  [".modal-btn.authorize", { "aria-label": "Authorize: apply credentials" }],
];

function name() {
  for (const [selector, attributes] of NAMES) {
    for (const element of place.querySelectorAll(selector)) {
      for (const [key, value] of Object.entries(attributes)) {
        if (element.getAttribute(key) !== value) element.setAttribute(key, value);
      }
    }
  }
}

/** Its own layout has a second main part, and links within buttons. */
const plain = ({ React: { createElement } }) => ({
  components: {
    PlainLayout({ getComponent, specSelectors }) {
      if (!specSelectors.specJson()?.size) return null;
      const part = (name) => createElement(getComponent(name, true));
      return createElement("div", { className: "swagger-ui" }, createElement(getComponent("SvgAssets")),
        part("InfoContainer"), createElement("div", { className: "scheme-container" }, part("AuthorizeBtnContainer")),
        part("FilterContainer"), createElement("section", { "aria-label": "Operations" }, part("operations")));
    },
  },
  wrapComponents: {
    DeepLink: () => ({ text }) => createElement("span", { className: "nostyle" }, text),
  },
});
new MutationObserver(name).observe(place, { childList: true, subtree: true });

const spec = await (await fetch(place.dataset.document)).json();
for (const [path, operations] of Object.entries(spec.paths)) {
  for (const operation of Object.values(operations)) operation.tags = [groupOf(path)];
}
SwaggerUI({
  domNode: place,
  spec,
  layout: "PlainLayout",
  plugins: [plain],
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  tagsSorter: "alpha",
  defaultModelsExpandDepth: -1,
  validatorUrl: null, // it would send the document to others
});
