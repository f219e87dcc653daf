// A code editor in place of a <textarea data-editor="json|yaml|hcl">, which stays what is sent. Loaded by pages that need it only.
// It lives in a shadow tree: there its styles need no <style> element, which the content security policy forbids.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { hcl } from "./hcl.js";

const LANGUAGES = { json, yaml, hcl: () => StreamLanguage.define(hcl) };

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--color-primary)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--color-success)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--color-accent)" },
  { tag: tags.keyword, color: "var(--color-info)", fontWeight: "600" },
  { tag: tags.comment, color: "color-mix(in oklab, var(--color-base-content) 72%, transparent)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": {
    backgroundColor: "var(--color-base-100)",
    color: "var(--color-base-content)",
    border: "1px solid color-mix(in oklab, var(--color-base-content) 55%, transparent)",
    borderRadius: "var(--radius-field)",
    fontSize: "0.875rem",
  },
  "&.cm-focused": { outline: "2px solid var(--color-primary)", outlineOffset: "1px" },
  "&.wrong": { borderColor: "var(--color-error)" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "1.5", maxHeight: "28rem" },
  ".cm-content, .cm-gutter": { minHeight: "8rem" },
  ".cm-gutters": {
    backgroundColor: "var(--color-base-200)",
    color: "color-mix(in oklab, var(--color-base-content) 72%, transparent)",
    border: "none",
    borderRadius: "calc(var(--radius-field) - 1px) 0 0 calc(var(--radius-field) - 1px)",
  },
  ".cm-content": { caretColor: "var(--color-base-content)" },
  ".cm-cursor": { borderLeftColor: "var(--color-base-content)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--color-primary) 25%, transparent)",
  },
});

/** Puts an editor before `area` and hides it. The Tab key leaves the editor, as it leaves every field. */
export function edit(area) {
  if (area.dataset.ready !== undefined) return;
  area.dataset.ready = "";
  const host = document.createElement("div");
  host.className = "code-editor";
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  const label = area.labels[0];
  const state = EditorState.create({
    doc: area.value,
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      indentUnit.of("  "),
      syntaxHighlighting(colours),
      LANGUAGES[area.dataset.editor](),
      EditorView.lineWrapping,
      keymap.of([...defaultKeymap, ...historyKeymap]),
      EditorView.contentAttributes.of({
        "aria-label": label?.firstChild.textContent.trim() ?? "Code",
        ...(area.hasAttribute("aria-required") && { "aria-required": "true" }),
        ...(area.hasAttribute("aria-invalid") && { "aria-invalid": "true" }),
      }),
      EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        area.value = update.state.doc.toString();
        area.dispatchEvent(new Event("input", { bubbles: true }));
      }),
      look,
    ],
  });
  area.before(host);
  const view = new EditorView({ state, parent: root, root });
  view.dom.classList.toggle("wrong", area.getAttribute("aria-invalid") === "true");
  area.hidden = true;
  label?.addEventListener("click", () => view.focus());
  host.addEventListener("focusout", () => area.dispatchEvent(new Event("change", { bubbles: true })));
  area.addEventListener("filled", () => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: area.value } }));
}
