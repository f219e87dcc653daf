// The browser's side of the table of cases that the server is held to, too (tests/server/definitions/test_shared_adaptive.py), which
// gives the expressions as trees, as pages get them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { settle } from "../../src/blockyard/server/ui/assets/lib/adaptive.js";

/** Returns a value as the form reads it: integers are BigInt. */
function value(found) {
  if (Array.isArray(found)) return found.map(value);
  if (typeof found === "number") return BigInt(found);
  return typeof found === "object" && found !== null ? BigInt(found.int) : found;
}

function valued(found) {
  return new Map(Object.entries(found).map(([key, one]) => [key, value(one)]));
}

for (const { about, inputs, checks = [], given, hidden = [], values, options = {}, failed = [] } of JSON.parse(readFileSync(process.env.CASES, "utf8"))) {
  test(about, () => {
    const specs = new Map(
      Object.entries(inputs).map(([key, spec]) => [key, { ...spec, defaults: spec.defaults?.map(([when, one]) => [when, value(one)]) }]),
    );
    const asked = checks.map(([condition, message, key]) => ({ condition, message, key }));
    const found = settle(specs, asked, valued(given));
    assert.deepEqual([...found.hidden], hidden);
    assert.deepEqual(new Map([...found.values].sort()), new Map([...valued(values)].sort()));
    assert.deepEqual(Object.fromEntries(found.options), options);
    assert.deepEqual(found.failed.map((check) => check.message), failed);
  });
}
