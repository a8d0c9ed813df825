/** Damage for whatever is read back: good JSON with a bad value in one place. */

/** The worst values for any place. */
export const WORST = [
  null, true, -1, 0.5, 1e308, "", "\0", "\ud800", "x".repeat(9000), [], [[]], [0, 0, -1, 1], {}, { a: [] },
];

/** A good value with another one in one place. */
export function damaged(good, path, value) {
  const copy = structuredClone(good);
  const last = path.at(-1);
  path.slice(0, -1).reduce((inner, name) => inner[name], copy)[last] = value;
  return JSON.stringify(copy);
}

/** Every place of a value, from its root. */
export function places(value, path = []) {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.keys(value).flatMap((name) => places(value[name], [...path, name]));
  return path.length ? [path, ...inner] : inner;
}
