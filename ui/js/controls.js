// Small controls that look and behave alike: buttons side by side, choices, fields, menus.

import {h, setText} from "./dom.js"

const EDGE_PX = 8

/** Buttons of which one is pressed. `set(value)` presses without telling. */
export function segmented({label, options, onchange}) {
  const buttons = options.map(([value, text]) => h("button", {type: "button", "aria-pressed": "false", onclick: () => onchange(value), "data-value": value}, text))
  const element = h("div", {class: "o-segmented", role: "group", "aria-label": label}, ...buttons)
  return {
    element,
    set: (value) => buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.value === value))),
  }
}

/** A list to choose from, with its name before it. `fill(options)` keeps the choice where it can. */
export function choice({label, options = [], onchange = () => {}, hidden = false}) {
  const select = h("select", {class: "o-input", "aria-label": label, onchange: () => onchange(select.value)})
  const element = h("label", {class: "o-field", hidden}, h("span", {}, label), select)
  const fill = (list, value = select.value) => {
    const items = list.map((each) => (Array.isArray(each) ? each : [each, each]))
    const before = [...select.options].map((option) => option.value + option.text).join()
    if (before !== items.map(([each, text]) => each + text).join()) {
      select.replaceChildren(...items.map(([each, text]) => h("option", {value: each}, text)))
    }
    select.value = items.some(([each]) => each === value) ? value : items[0]?.[0] ?? ""
  }
  fill(options)
  return {element, select, fill, get value() { return select.value }, set: (value) => { select.value = value }}
}

/** A field for a number or a word. */
export function field({label, type = "text", onchange = () => {}, ...attributes}) {
  const input = h("input", {class: "o-input", type, "aria-label": label, autocomplete: "off", spellcheck: "false", ...attributes, onchange: () => input.checkValidity() && onchange(input.value)})
  const element = h("label", {class: "o-field"}, h("span", {}, label), input)
  return {element, input, get value() { return input.value }, set: (value) => { if (input.value !== String(value)) input.value = value }}
}

/** Put a popover under an element and inside the window. */
export function placeUnder(popover, anchor) {
  const {left, bottom, width} = anchor.getBoundingClientRect()
  popover.style.minWidth = `${width}px`
  popover.style.top = `${bottom + 4}px`
  popover.style.maxHeight = `${Math.max(120, innerHeight - bottom - 3 * EDGE_PX)}px`
  popover.style.left = `${Math.max(EDGE_PX, Math.min(left, innerWidth - popover.offsetWidth - EDGE_PX))}px`
}

/** A button that opens a panel under it; `fill(panel)` is asked each time. */
export function menuButton({text, label, fill}) {
  const panel = h("div", {class: "o-menu o-panel", popover: "auto", role: "group", "aria-label": label})
  const button = h("button", {type: "button", class: "o-button", "aria-haspopup": "true", "aria-expanded": "false"}, text, h("span", {class: "o-caret", "aria-hidden": "true"}, "▾"))
  button.addEventListener("click", () => {
    panel.togglePopover()
    const place = () => panel.matches(":popover-open") && placeUnder(panel, button)
    place()
    Promise.resolve(fill(panel)).then(place) // what it holds makes it wider
  })
  panel.addEventListener("toggle", (event) => button.setAttribute("aria-expanded", String(event.newState === "open")))
  return {element: h("div", {class: "o-menu-button"}, button, panel), button, say: (words) => setText(button.firstChild, words)}
}
