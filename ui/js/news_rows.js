// Headlines -> what matches, by days, and which symbols they name most.

import {clock, moment} from "./format.js"

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
const DAY_MS = 86_400_000

export const keyOf = (headline) => `${headline.source}\n${headline.headline_id}`

/** What is typed -> the words looked for, as the API takes them. */
export function wordsOf(q) {
  return [...new Set(q.toLowerCase().split(/\s+/).filter(Boolean))]
}

/** Whether a headline is one of those asked for; the API decides alike. */
export function matches(headline, {q = "", symbol = "", source = ""}) {
  const text = `${headline.title} ${headline.excerpt}`.toLowerCase()
  const named = !symbol || headline.symbols.includes(symbol.toUpperCase())
  return named && (!source || headline.source === source) && wordsOf(q).every((word) => text.includes(word))
}

/** Two lists -> one, newest first, each headline once; of two with one key, the later in `added`. */
export function merged(headlines, added, most) {
  const all = new Map([...headlines, ...added].map((each) => [keyOf(each), each]))
  return [...all.values()].sort((a, b) => b.published_ms - a.published_ms || b.seen_ms - a.seen_ms).slice(0, most)
}

/** "Today", "Yesterday", or "21 November". */
export function dayName(ms, nowMs) {
  const days = Math.floor(nowMs / DAY_MS) - Math.floor(ms / DAY_MS)
  if (days === 0) return "Today"
  if (days === 1) return "Yesterday"
  const at = new Date(ms)
  const year = at.getUTCFullYear() === new Date(nowMs).getUTCFullYear() ? "" : ` ${at.getUTCFullYear()}`
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]}${year}`
}

/** Headlines, newest first -> [{day, headlines}]. */
export function byDay(headlines, nowMs) {
  const days = []
  for (const headline of headlines) {
    const day = dayName(headline.published_ms, nowMs)
    if (days.at(-1)?.day !== day) days.push({day, headlines: []})
    days.at(-1).headlines.push(headline)
  }
  return days
}

/** Symbols by how many headlines name them: [[symbol, count]], the most named first. */
export function namedMost(headlines, most) {
  const counts = new Map()
  for (const {symbols} of headlines) for (const symbol of symbols) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
  return [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).slice(0, most)
}

/** hh:mm of a headline, and all of it for those who ask. */
export function timeOf(ms) {
  return {short: clock(ms).slice(0, 5), long: `${moment(ms)} UTC`}
}
