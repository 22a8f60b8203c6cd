// Rows of buzz -> the words and shares that the parts of the social page have in common.

import {DASH, number, signed} from "./format.js"

export const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LEAST_FULL_BAR = Math.log(5) // where nobody is far beyond the usual, no bar looks like it
const FORUMS = {all: "all forums", reddit: "Reddit", stocktwits: "Stocktwits"}

/** "2024-08-08T15" -> when that hour began. */
export function hourMs(name) {
  return Date.parse(`${name}:00:00Z`)
}

/** The other way round. */
export function hourName(ms) {
  return new Date(ms).toISOString().slice(0, 13)
}

/** 15:00–16:00, with the date where it is not today's. */
export function hourWords(ms, nowMs) {
  const iso = (at) => new Date(at).toISOString()
  const clock = `${iso(ms).slice(11, 16)}–${iso(ms + HOUR_MS).slice(11, 16)}`
  return iso(ms).slice(0, 10) === iso(nowMs).slice(0, 10) ? clock : `${iso(ms).slice(0, 10)} ${clock}`
}

export function forumName(forum) {
  return FORUMS[forum] ?? forum
}

/** Whether nobody named it before this day, as far as anybody looked. */
export function isNew(row) {
  return row.baseline_days > 0 && row.baseline === 0 && row.hour_ms - row.first_seen_ms < DAY_MS
}

/** "12×", "new" where it has no baseline to be a multiple of, a dash where nothing is known. */
export function multipleWords(row) {
  if (row.multiple != null) return `${number(row.multiple, row.multiple < 9.95 ? 1 : 0)}×`
  if (row.expected == null) return DASH
  return isNew(row) ? "new" : "from 0"
}

/** How long a bar is, 0 to 1: how far beyond the usual, on a logarithmic scale, or a hundredfold would hide a threefold. */
export function barShare(row, rows) {
  const strength = (each) => Math.max(0, each.log_ratio ?? 0)
  return strength(row) / Math.max(...rows.map(strength), LEAST_FULL_BAR)
}

/** How many of the mentions are compared: a forum without a baseline yet is not. */
function comparedOf(row) {
  return row.log_ratio == null || row.expected == null ? row.mentions : Math.round(Math.exp(row.log_ratio) * (row.expected + 1) - 1)
}

/** What a multiple is made of. */
export function behindWords(row) {
  const said = [`${row.mentions} mentions${row.covered < 0.995 ? ` in the ${Math.round(row.covered * 100)} % of the hour that was read` : ""}`]
  if (row.expected == null) said.push("nothing to compare with: this hour of no day before was read")
  else said.push(`${number(row.expected, 1)} expected`, `median of this hour on ${row.baseline_days} of 30 days: ${number(row.baseline, 1)}`)
  if (comparedOf(row) !== row.mentions) said.push(`compared are the ${comparedOf(row)} in forums that have been read for long enough`)
  if (row.z != null) said.push(`z ${signed(row.z, 1)}`)
  if (row.log_ratio != null) said.push(`ln ratio ${signed(row.log_ratio, 2)}`)
  if (row.expected != null && !row.is_warm) said.push("too few days to trust it")
  return said.join("\n")
}

/** How the mood is, and who told it. */
export function moodWords(row) {
  if (!row.bullish && !row.bearish) return "nobody said how they feel about it"
  const by = [row.tagged && `${row.tagged} tagged by their authors`, row.read && `${row.read} read by VADER`].filter(Boolean)
  return `${row.bullish} bullish, ${row.bearish} bearish of ${row.mentions}${by.length ? `\n${by.join(", ")}` : ""}`
}

/** Rows whose symbol or name has what was typed. */
export function matching(rows, typed) {
  const word = typed.trim().toLowerCase()
  return rows.filter((row) => `${row.symbol} ${row.name}`.toLowerCase().includes(word))
}

/** Mentions of posts -> posts, each with all the symbols it names, in their order. */
export function postsOf(mentions) {
  const posts = new Map()
  for (const each of mentions) {
    const key = `${each.forum} ${each.post_id}`
    const post = posts.get(key) ?? {...each, symbols: []}
    if (!post.symbols.includes(each.symbol)) post.symbols.push(each.symbol)
    posts.set(key, post)
  }
  return [...posts.values()]
}

/** Why posts are given a mood, in words; "" for those without. */
export function toldBy(post) {
  if (!post.mood) return ""
  return post.mood_by === "tag" ? "the author's own tag" : `read by VADER from the words: ${signed(post.mood_score, 2)}`
}

/** "r/stocks", "Stocktwits". */
export function placeName({forum, place}) {
  return forum === "reddit" ? `r/${place}` : `$${place}`
}
