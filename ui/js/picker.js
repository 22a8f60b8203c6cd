// The list of watched pairs -> a combobox: type to narrow it, arrows and Enter to choose.

import {placeUnder} from "./controls.js"
import {h} from "./dom.js"
import {inWords} from "./watchlist.js"

const MOST_OPTIONS = 300

/** Pairs that match what was typed, in the order of their names. */
export function matching(pairs, typed) {
  const words = typed.toUpperCase().split(/[^A-Z0-9.-]+/).filter((word) => word && word !== "ON")
  return pairs.filter(({pair}) => words.every((word) => pair.includes(word)))
    .sort((a, b) => a.pair.localeCompare(b.pair)).slice(0, MOST_OPTIONS)
}

/** `pairs()` gives what is watched; `onpick(pair)` hears the choice. */
export function pairPicker({pairs, onpick}) {
  const list = h("ul", {class: "o-menu o-options", role: "listbox", id: "o-pairs", popover: "manual", "aria-label": "Watched pairs"})
  const input = h("input", {
    class: "o-input o-picker", role: "combobox", "aria-label": "Pair: y on x", "aria-expanded": "false", "aria-controls": "o-pairs",
    "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: "y on x",
  })
  let [current, options, at] = ["", [], -1]

  const point = (index) => {
    at = index
    options.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)))
    if (at < 0) return input.removeAttribute("aria-activedescendant")
    input.setAttribute("aria-activedescendant", options[at].id)
    options[at].scrollIntoView({block: "nearest"})
  }
  const close = () => {
    if (list.matches(":popover-open")) list.hidePopover()
    input.setAttribute("aria-expanded", "false")
    input.value = current && inWords(current)
    point(-1)
  }
  const pick = (pair) => {
    current = pair
    close()
    input.blur()
    onpick(pair)
  }
  const open = (typed) => {
    const found = matching(pairs(), typed)
    options = found.map((each, i) => h("li", {
      id: `o-pair-${i}`, role: "option", "aria-selected": "false", "data-pair": each.pair,
      onmousedown: (event) => { event.preventDefault(); pick(each.pair) },
    }, h("span", {}, inWords(each.pair)), h("span", {class: "o-sub"}, `${each.window} bars${each.added ? " · added" : ""}`)))
    list.replaceChildren(...options, ...(options.length ? [] : [h("li", {class: "o-sub", role: "presentation"}, pairs().length ? "No watched pair matches." : "The API has not said yet what it watches.")]))
    if (!list.matches(":popover-open")) list.showPopover()
    placeUnder(list, input)
    input.setAttribute("aria-expanded", "true")
    point(found.findIndex((each) => each.pair === current))
  }
  input.addEventListener("focus", () => { input.select(); open("") })
  input.addEventListener("click", () => list.matches(":popover-open") || open(""))
  input.addEventListener("input", () => { open(input.value); point(options.length ? 0 : -1) })
  input.addEventListener("blur", close)
  input.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (step && options.length) {
      if (!list.matches(":popover-open")) open("")
      else point((at + step + options.length) % options.length)
    } else if (event.key === "Enter" && at >= 0) pick(options[at].dataset.pair)
    else if (event.key === "Escape") { close(); input.blur() } else return
    event.preventDefault()
  })
  return {
    element: h("div", {class: "o-picker-box"}, input, list),
    input,
    set: (pair) => {
      current = pair
      if (input.getRootNode().activeElement !== input) input.value = inWords(pair)
    },
  }
}
