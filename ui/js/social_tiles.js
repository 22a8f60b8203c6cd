// The buzz of an hour -> its figures: who is loudest, how many days it is compared with, how it is read.

import {ago} from "./divergence_rows.js"
import {inTime} from "./divergence_budgets.js"
import {figureTiles} from "./figure_tiles.js"
import {DASH, number} from "./format.js"
import {follow} from "./social.js"
import {HOUR_MS, hourWords, isNew, multipleWords} from "./social_rows.js"

const DRAW_EVERY_MS = 1_000 // the age grows
const WARM_DAYS = 7 // as the streams judge it

/** What the tiles say: [name, title, figure, note, tone]. */
export function figuresOf(view, {ageMs, nowMs}) {
  const rows = view?.rows ?? []
  const first = rows.find((row) => row.rank === 1)
  const {days, of} = view?.baseline ?? {days: 0, of: 30}
  const [bulls, bears] = ["bullish", "bearish"].map((side) => rows.reduce((sum, row) => sum + row[side], 0))
  const fresh = rows.filter(isNew).map((row) => row.symbol)
  const next = (view?.scans ?? []).map((place) => place.next_ms).filter((ms) => ms != null && ms > nowMs - HOUR_MS)
  const known = view?.hour_ms != null
  const isWhole = known && nowMs >= view.hour_ms + HOUR_MS
  return [
    ["hour", "Hour, UTC", known ? hourWords(view.hour_ms, nowMs).slice(-11) : DASH, known ? (isWhole ? hourWords(view.hour_ms, 0).slice(0, 10) : `${Math.floor((nowMs - view.hour_ms) / 60_000)} of 60 min so far`) : "nothing read yet", ""],
    ["loudest", "Most abnormal", first?.symbol ?? DASH, first ? `${multipleWords(first)}${first.multiple == null ? "" : " baseline"}, ${first.mentions} mentions` : days ? "nobody is beyond the usual" : "no baseline yet", ""],
    ["symbols", "Symbols · mentions", view ? `${number(view.symbols, 0)} · ${number(view.mentions, 0)}` : DASH, "of the hour", ""],
    ["new", "Never named before", known ? String(fresh.length) : DASH, fresh.length ? fresh.slice(0, 4).join(", ") : "first seen within a day", fresh.length ? "fresh" : ""],
    ["mood", "Bulls · bears", bulls + bears ? `${number((100 * bulls) / (bulls + bears), 0)} % bulls` : DASH, bulls + bears ? `${number(bulls, 0)} to ${number(bears, 0)} who said` : "nobody said", ""],
    ["baseline", "Baseline", `${days} of ${of} days`, days >= WARM_DAYS ? "of this hour of the day" : days ? "too few to trust yet" : "fills by itself, a day a day", days >= WARM_DAYS || !view ? "" : "early"],
    ["read", "Last read", ageMs == null ? DASH : ago(ageMs), next.length ? `next ${inTime(Math.min(...next) - nowMs)}` : "next: not known", ""],
  ]
}

export function mount(box, model) {
  const show = figureTiles(box, "Figures of the hour")
  const draw = () => {
    const nowMs = Date.now()
    const shown = followed?.shown
    show(figuresOf(shown?.view ?? null, {ageMs: shown?.ageMs(nowMs) ?? null, nowMs}))
  }
  let followed = null
  followed = follow(model, () => draw())
  draw()
  const ticking = setInterval(draw, DRAW_EVERY_MS)
  return () => {
    clearInterval(ticking)
    followed.end()
  }
}
