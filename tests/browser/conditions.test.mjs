// The browser's side of the table of cases that the server is held to, too (tests/server/definitions/test_shared_conditions.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Reading } from "../../src/blockyard/server/ui/assets/lib/conditions.js";

const cases = JSON.parse(readFileSync(new URL("../data/conditions.json", import.meta.url), "utf8"));

/** Returns a value as the form reads it: integers are BigInt. */
function value(found) {
  if (Array.isArray(found)) return found.map(value);
  if (typeof found === "number") return BigInt(found);
  return typeof found === "object" && found !== null ? BigInt(found.int) : found;
}

for (const { condition, values, tree, holds } of cases) {
  test(`${condition} is ${holds} for ${JSON.stringify(values)}`, () => {
    const known = new Map(Object.entries(values).map(([key, one]) => [key, value(one)]));
    assert.equal(new Reading((key) => known.get(key)).holds(tree), holds);
  });
}

test("all conditions of a form search a million characters together, then are undecided", () => {
  const long = "x".repeat(600_000);
  const reading = new Reading(() => long);
  const tree = ["contains", ["read", "text"], ["literal", "x"]];
  assert.equal(reading.holds(tree), true);
  assert.equal(reading.holds(tree), false);
});
