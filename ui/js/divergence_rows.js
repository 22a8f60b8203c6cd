// Scans of groups -> rows of members, and the words and colours they share.

import {DASH, number, signed} from "./format.js"

const RANKS = ["diverger", "unproven", "loner", "in line", "unscored"]
const FULL_Z = 6 // as strong as a colour gets
const LEAST_SHARE = 6 // of a colour, in percent
const MOST_SHARE = {low: 86, high: 72} // light text stays readable on the blue
const DARK_TEXT_SHARE = 58

/** Members of all scans in the order of their rank: who breaks ranks first, the strongest on top. */
export function ranked(views) {
  const rows = views.flatMap((view) => view.members.map((member) => ({
    ...member, group: view.group, interval: view.interval, title: view.title, venue: view.venue, name: view.names?.[member.symbol] ?? "", closes60: view.sparklines?.[member.symbol] ?? [],
  })))
  return rows.sort((a, b) => RANKS.indexOf(a.verdict) - RANKS.indexOf(b.verdict) || Math.abs(b.z ?? 0) - Math.abs(a.z ?? 0))
}

/** The group that deserves a look when none was asked for. */
export function worthALook(groups) {
  const best = (a, b) => b.divergers.length - a.divergers.length || b.scored - a.scored
  return [...groups].filter((group) => group.open_ms != null).sort(best)[0] ?? groups[0] ?? null
}

/** 1 -> "1 d" or "1 min". */
export function windowName(window, interval) {
  return `${window} ${interval === "1d" ? "d" : "min"}`
}

/** 0.0123 -> "+1.23". */
export function percent(fraction, decimals = 2) {
  return fraction == null ? DASH : signed(fraction * 100, decimals)
}

function shareOf(z) {
  return LEAST_SHARE + ((z < 0 ? MOST_SHARE.low : MOST_SHARE.high) - LEAST_SHARE) * Math.min(1, Math.abs(z) / FULL_Z)
}

/** The background of a cell of this z, for CSS. */
export function colourOf(z) {
  return z == null ? "transparent" : `color-mix(in srgb, var(--o-${z < 0 ? "low" : "accent"}) ${shareOf(z).toFixed(0)}%, var(--o-panel))`
}

/** Whether dark text reads better on it: on orange only, the blue is never that bright. */
export function isBright(z) {
  return z != null && z < 0 && shareOf(z) > DARK_TEXT_SHARE
}

/** 93000 -> "2 min ago". */
export function ago(ms) {
  if (ms == null || !Number.isFinite(ms)) return DASH
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1_000))} s ago`
  const [length, unit] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"]].find(([each]) => ms >= each)
  return `${number(ms / length, ms / length < 10 && unit !== "min" ? 1 : 0)} ${unit} ago`
}

/** The bar that a scan ends with: a date, or a minute. */
export function barOf(openMs, interval) {
  const text = new Date(openMs).toISOString()
  return interval === "1d" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`
}

/** Pasted text -> different symbols, in order. */
export function symbolsOf(text) {
  return [...new Set(text.toUpperCase().split(/[^A-Z0-9.^=_-]+/).filter(Boolean))]
}
