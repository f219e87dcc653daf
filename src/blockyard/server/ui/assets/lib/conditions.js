// Conditions of inputs, by the rules of the server (definitions/model/conditions). It has read them already and sends trees:
// [word, part, …], ["literal", value], ["number", "digits"] or ["read", key]. Integers are BigInt: they have 64 bits.
// Both sides are held to one table of cases, tests/data/conditions.json.
const MAX_INTEGER = 2n ** 63n - 1n;
const MAX_SEARCHED = 1_000_000; // characters that all conditions of a form search together

class Undecided extends Error {}

/** The values that the conditions of one block read; `known(key)` returns null where there is none. */
export class Reading {
  #left = MAX_SEARCHED;
  #known;

  constructor(known) {
    this.#known = known;
  }

  /** Whether a condition is true; what cannot be decided is not. */
  holds(tree) {
    return this.#decides(tree, true);
  }

  /** Whether a condition is false; what cannot be decided is not. */
  fails(tree) {
    return this.#decides(tree, false);
  }

  #decides(tree, wanted) {
    try {
      return this.#value(tree) === wanted;
    } catch (problem) {
      if (problem instanceof Undecided) return false;
      throw problem;
    }
  }

  #value([word, ...parts]) {
    if (word === "literal") return parts[0];
    if (word === "number") return BigInt(parts[0]);
    if (word === "read") return this.#known(parts[0]) ?? null;
    if (word === "&&") return this.#decided(parts, false);
    if (word === "||") return this.#decided(parts, true);
    const values = parts.map((part) => this.#value(part));
    if (word === "list") return values;
    if (word === "contains") this.#search(values[0]);
    return OPERATORS[word](...values);
  }

  /** Returns `end` if one of the parts has that value, else the opposite if all can be decided. */
  #decided(parts, end) {
    let undecided = false;
    for (const part of parts) {
      try {
        if (truth(this.#value(part)) === end) return end;
      } catch (problem) {
        if (!(problem instanceof Undecided)) throw problem;
        undecided = true;
      }
    }
    if (undecided) throw new Undecided();
    return !end;
  }

  #search(searched) {
    if (typeof searched === "string") this.#left -= length(searched);
    if (this.#left < 0) throw new Undecided();
  }
}

function only(type) {
  return (value) => {
    if (typeof value === type) return value;
    throw new Undecided();
  };
}
const truth = only("boolean");
const number = only("bigint");
const text = only("string");

/** The length of a text in characters, which are not JavaScript's code units. */
function length(value) {
  let found = 0;
  for (const _ of value) found += 1;
  return found;
}

function equal(left, right) {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length && left.every((item, at) => equal(item, right[at]));
}

function within(value, items) {
  if (!Array.isArray(items)) throw new Undecided();
  return items.some((item) => equal(value, item));
}

function size(value) {
  if (Array.isArray(value)) return BigInt(value.length);
  return BigInt(length(text(value)));
}

/** Returns what is negative, zero or positive, as `left` comes before, with or behind `right`; texts by their characters. */
function compared(left, right) {
  if (typeof left === "string" && typeof right === "string") return comparedTexts([...left], [...right]);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  const [one, other] = [number(left), number(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function comparedTexts(left, right) {
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const difference = left[at].codePointAt(0) - right[at].codePointAt(0);
    if (difference) return difference;
  }
  return left.length - right.length;
}

function arithmetic(compute) {
  return (left, right) => {
    const result = compute(number(left), number(right));
    if (result > MAX_INTEGER || result < -MAX_INTEGER) throw new Undecided();
    return result;
  };
}

function divided(compute) {
  return arithmetic((left, right) => {
    if (right === 0n) throw new Undecided();
    return compute(left, right);
  });
}

const OPERATORS = {
  "==": equal,
  "!=": (left, right) => !equal(left, right),
  "<": (left, right) => compared(left, right) < 0,
  "<=": (left, right) => compared(left, right) <= 0,
  ">": (left, right) => compared(left, right) > 0,
  ">=": (left, right) => compared(left, right) >= 0,
  in: within,
  "!": (value) => !truth(value),
  negative: (value) => -number(value),
  "+": arithmetic((left, right) => left + right),
  "-": arithmetic((left, right) => left - right),
  "*": arithmetic((left, right) => left * right),
  "/": divided((left, right) => left / right),
  "%": divided((left, right) => left % right),
  size,
  startsWith: (value, part) => text(value).startsWith(text(part)),
  endsWith: (value, part) => text(value).endsWith(text(part)),
  contains: (value, part) => text(value).includes(text(part)),
};
