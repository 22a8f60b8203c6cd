// The posts behind a number: what was written of a symbol in the hour, or of anything, newest first.

import {get, withQuery} from "./api.js"
import {card} from "./card.js"
import {choice, segmented} from "./controls.js"
import {ago} from "./divergence_rows.js"
import {h, setText} from "./dom.js"
import {moment, signed} from "./format.js"
import {outsideLink, outsideText} from "./outside.js"
import {follow} from "./social.js"
import {forumName, HOUR_MS, hourWords, moodWords, placeName, postsOf, toldBy} from "./social_rows.js"
import {hourBars} from "./social_spark.js"

const PAGE = 50
const RELOAD_MS = 4_000 // posts that come by the second are shown by the handful
const HOURS = 72
const AGE_EVERY_MS = 10_000
const ONE_COLUMN = "(max-width:899.95px)" // Material UI's "md", below which the posts are under the ranking
const STRETCHES = [["hour", "This hour"], ["day", "24 hours"], ["all", "All"]]
const MOODS = [["", "any mood"], ["bullish", "bullish"], ["bearish", "bearish"]]

function moodTag(post) {
  if (!post.mood) return null
  const by = post.mood_by === "tag" ? "tag" : `VADER ${signed(post.mood_score, 2)}`
  return h("span", {class: `o-tag o-mood-tag ${post.mood === "bullish" ? "o-up" : "o-down"}`, title: toldBy(post)}, `${post.mood} · ${by}`)
}

/** One post: all of it is text. */
export function postItem(post, {nowMs, onsymbol, symbol}) {
  const others = post.symbols.filter((each) => each !== symbol)
  return h("li", {class: "o-post"},
    outsideText("p", post.excerpt || "(no words)", {class: "o-excerpt"}),
    h("div", {class: "o-post-line"},
      h("span", {class: "o-quiet"}, post.forum === "reddit" ? placeName(post) : forumName(post.forum)),
      h("time", {class: "o-sub", datetime: new Date(post.event_ms).toISOString(), title: `${moment(post.event_ms)} UTC`}, ago(nowMs - post.event_ms)),
      moodTag(post),
      ...others.map((each) => h("button", {type: "button", class: "o-link o-open", title: post.name, onclick: () => onsymbol(each)}, `$${each}`)),
      outsideLink(post.url, "open ↗", {class: "o-link o-out", "aria-label": "Open the post where it was written"})))
}

/** What to ask for: the API's parameters. */
export function askedOf({forum, symbol, q}, {stretch, mood, view}) {
  const hourMs = view?.hour_ms
  const bounds = hourMs == null || stretch === "all" ? {} : {from: hourMs + HOUR_MS - (stretch === "day" ? 24 : 1) * HOUR_MS, to: hourMs + HOUR_MS}
  return {symbol, forum: forum === "all" ? "" : forum, q, mood, ...bounds, limit: PAGE}
}

function history(box) {
  let [key, timer] = ["", null]
  const words = h("p", {class: "o-sub"})
  const chart = h("div", {class: "o-hours-chart"})
  box.append(chart, words)
  return async ({base, symbol, forum, view}) => {
    box.hidden = !symbol
    const now = JSON.stringify([symbol, forum, view?.hour_ms, view?.rows.find((row) => row.symbol === symbol)?.mentions])
    if (!symbol || now === key) return
    key = now
    clearTimeout(timer)
    try {
      const to = view?.hour_ms == null ? null : view.hour_ms + HOUR_MS
      const {hours} = await get(base, withQuery(`/buzz/${encodeURIComponent(symbol)}`, {forum, to, limit: HOURS}))
      if (now !== key) return
      chart.replaceChildren(hourBars(hours, {width: 340, height: 44, expected: (hour) => hour.expected, className: "o-hours o-hours-wide"}))
      setText(words, `${HOURS} hours; the lines are what was usual`)
    } catch (error) {
      if (now === key) setText(words, error.answered && error.status === 404 ? `Nobody has mentioned ${symbol} yet.` : error.message)
      timer = setTimeout(() => { key = "" }, RELOAD_MS)
    }
  }
}

export function mount(box, model) {
  const clear = h("button", {type: "button", class: "o-button", onclick: () => { model.symbol = "" }}, "Everybody's")
  const frame = card(box, {title: "Posts"}, clear)
  const stretch = segmented({label: "Of which time", options: STRETCHES, onchange: (value) => { chosen = value; load() }})
  const mood = choice({label: "Mood", options: MOODS, onchange: () => load()})
  const hours = h("div", {class: "o-symbol-hours", hidden: true})
  const about = h("p", {class: "o-empty o-symbol-mood"})
  const words = h("p", {class: "o-empty", role: "status"}, "Waiting for the posts…")
  const list = h("ul", {class: "o-posts"})
  const more = h("button", {type: "button", class: "o-button", hidden: true, onclick: () => load(true)}, "Older ones")
  const scroll = h("div", {class: "o-scroll o-posts-scroll", tabindex: "0", role: "region", "aria-label": "Posts, newest first"}, words, list, more)
  frame.body.append(hours, about, h("div", {class: "o-filters", role: "group", "aria-label": "Filters of the posts"}, stretch.element, mood.element), scroll)
  const showHours = history(hours)
  let [mentions, next, turn, wanted, counted, chosen, loadedMs, waiting, ended] = [[], null, 0, "", null, null, 0, null, false]
  let [named, drawn] = [model.symbol, ""]

  // Words are looked for in all there is; a number is of an hour.
  const stretchNow = () => chosen ?? (model.q ? "all" : "hour")
  const age = () => list.querySelectorAll("time").forEach((time) => setText(time, ago(Date.now() - Date.parse(time.dateTime))))
  const draw = () => {
    more.hidden = !next
    const posts = postsOf(mentions)
    const now = JSON.stringify([model.symbol, posts.map((post) => [post.forum, post.post_id, post.symbols])])
    if (now === drawn) return age() // whoever reads or points at one is left in peace
    drawn = now
    const nowMs = Date.now()
    const onsymbol = (symbol) => { model.symbol = symbol }
    list.replaceChildren(...posts.map((post) => postItem(post, {nowMs, onsymbol, symbol: model.symbol})))
  }
  const say = (error) => {
    words.hidden = mentions.length > 0 && !error
    const what = `${model.symbol ? ` about ${model.symbol}` : ""}${model.q ? ` with “${model.q}”` : ""}${mood.value ? `, ${mood.value}` : ""}`
    setText(words, error ? `The posts could not be had: ${error.message}` : `No posts${what} in ${{hour: "this hour", day: "these 24 hours", all: "what is kept"}[stretchNow()]}.`)
  }
  async function load(isMore = false) {
    const mine = (turn += 1)
    loadedMs = Date.now()
    const asked = askedOf(model, {stretch: stretchNow(), mood: mood.value, view: followed?.shown.view})
    stretch.set(stretchNow())
    try {
      const body = await get(model.api, withQuery("/posts", {...asked, before: isMore ? next : null}))
      if (mine !== turn || ended) return
      mentions = isMore ? [...mentions, ...body.posts] : body.posts
      next = body.next
      say(null)
      draw()
    } catch (error) {
      if (mine !== turn || ended) return
      say(error) // what was there stays
      waiting ??= setTimeout(again, RELOAD_MS)
    }
  }
  const redraw = (shown) => {
    const {view} = shown
    const row = model.symbol ? shown.rowOf(model.symbol) : null
    frame.retitle(model.symbol ? `Posts about ${model.symbol}` : "Posts")
    frame.note(row?.name && row.name !== row.symbol ? row.name : view?.hour_ms == null ? "" : `${hourWords(view.hour_ms, Date.now())} UTC`)
    clear.hidden = !model.symbol
    about.hidden = !row
    setText(about, row ? moodWords(row).replace("\n", ": ") : "")
    showHours({base: model.api, symbol: model.symbol, forum: model.forum, view})
    const asked = JSON.stringify([model.forum, model.symbol, model.q, model.hour, view?.hour_ms])
    const count = row?.mentions ?? view?.mentions
    if (asked !== wanted) turnTo(asked)
    else if (count !== counted && mentions.length <= PAGE) waiting ??= setTimeout(again, Math.max(0, RELOAD_MS - (Date.now() - loadedMs)))
    counted = count
  }
  const again = () => {
    waiting = null
    load()
  }
  const turnTo = (asked) => {
    wanted = asked
    chosen = null
    clearTimeout(waiting)
    again()
    if (model.symbol && model.symbol !== named && matchMedia(ONE_COLUMN).matches) box.scrollIntoView({block: "start", behavior: "smooth"})
    named = model.symbol
  }
  let followed = null
  followed = follow(model, redraw)
  const ticking = setInterval(age, AGE_EVERY_MS)
  return () => {
    ended = true
    clearInterval(ticking)
    clearTimeout(waiting)
    followed.end()
  }
}
