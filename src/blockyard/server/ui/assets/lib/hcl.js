// What the words of HCL are, for its colours.
const WORDS = /^(?:for|in|if|else|endif|endfor)\b/;
const ATOMS = /^(?:true|false|null)\b/;

export const hcl = {
  name: "hcl",
  startState: () => ({ until: null }),
  languageData: { commentTokens: { line: "#" } },
  token(stream, state) {
    if (state.until) return inside(stream, state);
    if (stream.eatSpace()) return null;
    if (stream.match(/^(?:#|\/\/).*/)) return "comment";
    if (stream.match("/*")) {
      state.until = "*/";
      return "comment";
    }
    const heredoc = stream.match(/^<<-?([A-Za-z_][\w-]*)/);
    if (heredoc) {
      state.until = heredoc[1];
      return "string";
    }
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return stream.match(/^\s*[=:]/, false) ? "propertyName" : "string";
    if (stream.match(/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/)) return "number";
    if (stream.match(ATOMS)) return "atom";
    if (stream.match(WORDS)) return "keyword";
    if (stream.match(/^[A-Za-z_][\w-]*(?=\s*[={:])/)) return "propertyName";
    if (stream.match(/^[A-Za-z_][\w-]*/)) return "variableName";
    stream.next();
    return null;
  },
};

function inside(stream, state) {
  if (state.until === "*/") {
    if (stream.skipTo("*/")) {
      stream.match("*/");
      state.until = null;
    } else stream.skipToEnd();
    return "comment";
  }
  if (stream.sol() && stream.string.trim() === state.until) state.until = null;
  stream.skipToEnd();
  return "string";
}
