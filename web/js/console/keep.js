// Changes only what is another, so that nothing flickers, buttons keep the focus and a selection of
// text survives a refresh.

/** Sets the text of a node if it is another. */
export function say(node, text) {
  const wanted = text === null || text === undefined ? "" : String(text);
  if (node.textContent !== wanted) node.textContent = wanted;
}

/** Sets an attribute if it is another; `null` takes it away. */
export function mark(node, name, value) {
  if (value === null || value === undefined) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** Shows or hides a node. */
export function show(node, on) {
  if (node.hidden === on) node.hidden = !on;
}

/**
 * Keeps the children of a node in step with a list: `keyOf` names an item, `make` builds
 * `{ node, update }` for a new one, and `update` is called with each item each time.
 */
export function keptList(parent, keyOf, make) {
  const known = new Map();
  return (items) => {
    const wanted = new Map(items.map((item, index) => [keyOf(item, index), item]));
    // First, so that nothing that stays has to move.
    for (const [key, { node }] of known) {
      if (wanted.has(key)) continue;
      node.remove();
      known.delete(key);
    }
    let before = null;
    for (const [key, item] of wanted) {
      if (!known.has(key)) known.set(key, make(item));
      const { node, update } = known.get(key);
      update(item);
      const place = before ? before.nextSibling : parent.firstChild;
      if (place !== node) parent.insertBefore(node, place);
      before = node;
    }
  };
}
