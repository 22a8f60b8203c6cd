// Which symbols the headlines that are shown name most; one click shows theirs alone.

import {card} from "./card.js"
import {h, setText} from "./dom.js"
import {follow} from "./news.js"
import {namedMost} from "./news_rows.js"

const MOST = 12

export function mount(box, model) {
  const frame = card(box, {title: "Named most"})
  const words = h("p", {class: "o-empty"})
  const list = h("ol", {class: "o-named"})
  frame.body.append(words, list)
  const line = ([symbol, count], most) => {
    const isChosen = model.symbol.toUpperCase() === symbol
    return h("li", {}, h("button", {type: "button", class: "o-named-row", "aria-pressed": String(isChosen), title: isChosen ? "Show all symbols" : `Only headlines that name ${symbol}`, onclick: () => { model.symbol = isChosen ? "" : symbol }},
      h("span", {class: "o-named-bar", style: `width:${((100 * count) / most).toFixed(1)}%`, "aria-hidden": "true"}), h("b", {}, symbol), h("span", {}, String(count))))
  }
  const draw = (shown) => {
    const named = namedMost(shown.headlines, MOST)
    list.replaceChildren(...named.map((each) => line(each, named[0][1])))
    words.hidden = named.length > 0
    setText(words, shown.headlines.length ? "None of the headlines shown names a symbol of the peer groups." : "Nothing yet.")
    frame.note(named.length ? `in the ${shown.headlines.length} shown` : "")
  }
  const followed = follow(model, draw)
  return () => followed.end()
}
