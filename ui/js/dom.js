// Elements from plain data. Text always enters as text, never as markup.

/** Make an element: attributes by name, `on*` as listeners, children as nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) value && element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== false && value != null) element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child != null))
  return element
}

/** Change the text only if it differs, so that screen readers and the layout are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Put these children in, in this order, only if they are not there already: what is scrolled stays where it is. */
export function setChildren(element, children) {
  const isSame = children.length === element.children.length && children.every((child, i) => child === element.children[i])
  if (!isSame) element.replaceChildren(...children)
}
