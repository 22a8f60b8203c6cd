// The bar over the page: which words, which symbol, which source; files of what is shown.

import {withQuery} from "./api.js"
import {choice, field} from "./controls.js"
import {h} from "./dom.js"
import {fileMenu} from "./file_menu.js"
import {follow, WHAT} from "./news.js"
import {listed, isKeyless} from "./news_sources.js"

const TYPING_MS = 350 // how long somebody who types is let type
const MOST_CHARACTERS = 200
const SYMBOL = "[A-Za-z0-9.^=_\\-]{1,32}" // as the page lets through

/** A field that says what was typed once its writer pauses; what is being typed is left alone. */
function typed({label, pattern, placeholder, className, maxlength, onsay}) {
  const made = field({label, type: "search", placeholder, maxlength, pattern})
  made.input.classList.add(...className.split(" "))
  let typing = null
  const say = () => {
    clearTimeout(typing)
    if (made.input.checkValidity()) onsay(made.input.value.trim())
  }
  made.input.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(say, TYPING_MS)
  })
  made.input.addEventListener("change", say)
  return {
    element: made.element,
    end: () => clearTimeout(typing),
    set: (value) => { if (!made.input.matches(":focus")) made.set(value) },
  }
}

/** What can be had of the page: [name, path without format]. */
export function filesOf({q, symbol, source}) {
  const isFiltered = q || symbol || source
  return [
    ...(isFiltered ? [["Headlines as shown", withQuery("/headlines", {q, symbol, source})]] : []),
    ["All headlines", "/headlines"],
  ]
}

export function mount(box, model) {
  const search = typed({label: "Search", placeholder: "words in the headlines", className: "o-news-search", maxlength: MOST_CHARACTERS, onsay: (value) => { model.q = value }})
  const symbol = typed({label: "Symbol", placeholder: "such as NVDA", className: "o-news-symbol", maxlength: 32, pattern: SYMBOL, onsay: (value) => { model.symbol = value.toUpperCase() }})
  const source = choice({label: "Source", options: [["", "all sources"]], onchange: (value) => { model.source = value }})
  const clear = h("button", {type: "button", class: "o-button", onclick: () => { model.q = model.symbol = model.source = "" }}, "Show all")
  const files = fileMenu({base: model.api, label: "Files of the headlines", files: () => filesOf(model)})
  box.append(h("div", {class: "o-toolbar", role: "toolbar", "aria-label": "Which headlines are shown"},
    search.element, symbol.element, source.element, clear, h("span", {class: "o-spring"}), files.element))
  const draw = () => {
    if (!followed) return
    const names = listed(followed.shown.sources.values()).filter((each) => !isKeyless(each)).map((each) => each.source).sort()
    const all = model.source && !names.includes(model.source) ? [...names, model.source] : names
    source.fill([["", "all sources"], ...all.map((name) => [name, name])], model.source)
    search.set(model.q)
    symbol.set(model.symbol)
    clear.hidden = !(model.q || model.symbol || model.source)
  }
  let followed = null
  followed = follow(model, draw)
  draw()
  model.on(WHAT, draw)
  return () => {
    search.end()
    symbol.end()
    followed.end()
  }
}
