// Inputs that adapt to each other, by the rules of the server (definitions/model/hiding.py): which are hidden, which defaults
// count, which options there are, which checks do not hold. Both sides are held to one table of cases, tests/data/adaptive.json.
import { Reading } from "./conditions.js";

/**
 * Returns inputs as they are with the values that `given` has: { hidden, values, options, failed }.
 *
 * `specs` is a Map of inputs by key: `condition`, a tree; `defaults`, pairs of a tree and a value, where the tree of the plain
 * default is null; `options`, pairs of a tree or null and a list of texts. `checks` are { condition, message, key }.
 */
export function settle(specs, checks, given) {
  const hidden = new Set();
  const values = new Map();
  const looked = new Set();
  const reading = new Reading((key) => (specs.has(key) ? known(key) : null));

  function known(key) {
    if (!looked.has(key)) look(key);
    return values.get(key) ?? null;
  }

  function look(key) {
    looked.add(key);
    const { condition, defaults = [] } = specs.get(key);
    if (condition && !reading.holds(condition)) return hidden.add(key);
    if (given.has(key)) return values.set(key, given.get(key));
    const found = defaults.find(([when]) => !when || reading.holds(when));
    return values.set(key, found ? found[1] : null);
  }

  for (const key of specs.keys()) known(key);
  const options = new Map();
  for (const [key, spec] of specs) {
    if (!spec.options) continue;
    const offered = spec.options.filter(([when]) => !when || reading.holds(when));
    options.set(key, [...new Set(offered.flatMap(([, texts]) => texts))]);
  }
  const failed = checks.filter(({ condition }) => reading.fails(condition));
  return { hidden, values, options, failed };
}
