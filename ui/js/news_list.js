// The headlines, newest first, live; what they name can be chosen, where they were said can be opened.

import {card} from "./card.js"
import {ago} from "./divergence_rows.js"
import {h, setText} from "./dom.js"
import {byDay, keyOf, timeOf} from "./news_rows.js"
import {follow} from "./news.js"
import {outsideLink, outsideText} from "./outside.js"

const DRAW_EVERY_MS = 15_000 // ages grow
const FEW_SYMBOLS = 6 // of one headline; a list of everything names dozens

function symbolChip(symbol, model) {
  const isChosen = model.symbol === symbol
  return h("button", {type: "button", class: "o-symbol", "aria-pressed": String(isChosen), title: isChosen ? "Show all symbols" : `Only headlines that name ${symbol}`, onclick: () => { model.symbol = isChosen ? "" : symbol }}, symbol)
}

/** One headline: all of it is text. */
export function headlineItem(headline, model) {
  const {short, long} = timeOf(headline.published_ms)
  const title = outsideLink(headline.url, headline.title, {class: "o-headline", dir: "auto"}) ?? outsideText("span", headline.title, {class: "o-headline"})
  const shown = headline.symbols.slice(0, FEW_SYMBOLS)
  const rest = headline.symbols.length - shown.length
  return h("li", {class: "o-news-item"},
    h("time", {class: "o-news-time", datetime: new Date(headline.published_ms).toISOString(), title: long}, short),
    h("div", {class: "o-news-body"},
      title,
      headline.excerpt ? outsideText("p", headline.excerpt, {class: "o-news-excerpt", title: headline.excerpt}) : null),
    h("div", {class: "o-news-line"},
      h("button", {type: "button", class: "o-source", title: `Only headlines of ${headline.source}`, onclick: () => { model.source = model.source === headline.source ? "" : headline.source }}, headline.source),
      h("span", {class: "o-sub o-age"}),
      ...(shown.length ? [h("span", {class: "o-symbols"}, ...shown.map((symbol) => symbolChip(symbol, model)))] : []),
      rest > 0 ? h("span", {class: "o-sub", title: headline.symbols.slice(FEW_SYMBOLS).join(", ")}, `and ${rest} more`) : null))
}

/** Put nodes into a list; those that stay are not touched, so that neither focus nor place is lost. */
function put(list, nodes) {
  const kept = new Set(nodes)
  for (const node of [...list.children]) if (!kept.has(node)) node.remove()
  let at = list.firstChild
  for (const node of nodes) {
    if (node === at) at = at.nextSibling
    else list.insertBefore(node, at)
  }
}

/** Lines of the list, made once each. */
function linesOf(model) {
  let [items, days] = [new Map(), new Map()]
  return (headlines, nowMs, isFresh) => {
    const [before, heads] = [items, days]
    items = new Map()
    days = new Map()
    return byDay(headlines, nowMs).flatMap(({day, headlines: some}) => {
      const head = heads.get(day) ?? h("li", {class: "o-day"}, h("h3", {}, day))
      days.set(day, head)
      return [head, ...some.map((headline) => {
        const key = `${keyOf(headline)}\n${headline.title}\n${model.symbol}`
        const item = before.get(key) ?? headlineItem(headline, model)
        items.set(key, item)
        setText(item.querySelector(".o-age"), ago(nowMs - headline.published_ms))
        item.toggleAttribute("data-fresh", isFresh(headline, nowMs))
        return item
      })]
    })
  }
}

/** What is said where there is nothing to show. */
export function emptyWords({loaded, error, isFiltered, filter, sources}) {
  if (error && !loaded) return "The headlines could not be had; they are asked for again."
  if (!loaded) return "Waiting for the headlines…"
  if (isFiltered) {
    const of = [filter.source && `of ${filter.source}`, filter.symbol && `naming ${filter.symbol.toUpperCase()}`, filter.q && `with “${filter.q}”`].filter(Boolean)
    return `No headlines ${of.join(" ")} among those kept.`
  }
  const isRead = [...sources.values()].some((source) => source.state === "read")
  return isRead ? "The sources have been read; none has said anything yet." : "No source has been read yet: “oddlot up” starts the producers; what is wrong with a source is said beside this."
}

export function mount(box, model) {
  const frame = card(box, {title: "Headlines"})
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the headlines…")
  const list = h("ul", {class: "o-news"})
  const lines = linesOf(model)
  const more = h("button", {type: "button", class: "o-button o-older", hidden: true, onclick: () => followed.shown.older()}, "Older ones")
  frame.body.append(h("div", {class: "o-scroll o-news-scroll", tabindex: "0", role: "region", "aria-label": "Headlines, newest first"}, words, list, more))
  const draw = () => {
    if (!followed) return
    const {shown} = followed
    const nowMs = Date.now()
    put(list, lines(shown.headlines, nowMs, (...given) => shown.isFresh(...given)))
    words.hidden = shown.headlines.length > 0
    setText(words, emptyWords(shown))
    more.hidden = shown.nextTo === null
    const newest = shown.headlines[0]
    frame.note(newest ? `${shown.headlines.length}${shown.nextTo === null ? "" : " newest"} · the last one ${ago(nowMs - newest.published_ms)}` : "")
  }
  let followed = null
  followed = follow(model, draw)
  draw()
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  ;(window.oddlot ??= {}).news = {get shown() { return followed.shown }}
  return () => {
    clearInterval(ticking)
    followed.end()
  }
}
