// Members by their z -> pixels of a dispersion strip: a row a group and window, a dot a member.

import {signed} from "./format.js"
import {token} from "./plot.js"

const ROW_PX = {few: 76, some: 54, many: 42} // up to three of them, up to six, more
export const AXIS_PX = 26
const NAME_PX = {wide: 150, narrow: 84, none: 52} // without names there are windows
const NARROW_PX = 560
const RIGHT_PX = 18
const DOT_PX = 4
const REACH_PX = 12 // of the cursor
const FARTHEST_Z = 12 // beyond it a dot lies at the edge, with its figure
const TAU = 2 * Math.PI
const TICKS = [1, 2, 5]

/** The height of one of so many rows. */
export function rowPx(lines) {
  return lines.length <= 3 ? ROW_PX.few : lines.length <= 6 ? ROW_PX.some : ROW_PX.many
}

/** How far the axis reaches: all dots but the farthest, and the threshold with room. */
export function reachOf(lines) {
  const most = Math.max(0, ...lines.flatMap((line) => line.dots.map((dot) => Math.abs(dot.z))))
  const threshold = Math.max(1, ...lines.map((line) => line.enterZ))
  return Math.min(Math.max(FARTHEST_Z, threshold * 1.5), Math.max(most * 1.08, threshold * 1.35))
}

/** Where everything lies: every dot with its pixel, none over another one if there is room. */
export function placed(lines, width) {
  const reach = reachOf(lines)
  const left = !lines.some((line) => line.name) ? NAME_PX.none : width < NARROW_PX ? NAME_PX.narrow : NAME_PX.wide
  const x = (z) => left + ((Math.max(-reach, Math.min(reach, z)) + reach) / (2 * reach)) * (width - left - RIGHT_PX)
  const height = rowPx(lines)
  const dots = lines.flatMap((line, row) => {
    const taken = []
    return [...line.dots].sort((a, b) => a.z - b.z).map((dot) => {
      const at = x(dot.z)
      const near = taken.filter((each) => Math.abs(each.x - at) < 2 * DOT_PX).map((each) => each.lane)
      const lane = [0, 1, -1, 2, -2].find((each) => !near.includes(each)) ?? 0
      const made = {...dot, x: at, lane, y: row * height + height / 2 + lane * (2 * DOT_PX - 1), isBeyond: Math.abs(dot.z) > reach}
      taken.push(made)
      return made
    })
  })
  return {reach, left, x, dots, height}
}

/** The dot under the cursor, or null. */
export function nearest(dots, {offsetX, offsetY}) {
  let [best, least] = [null, REACH_PX ** 2]
  for (const dot of dots) {
    const away = (dot.x - offsetX) ** 2 + (dot.y - offsetY) ** 2
    if (away < least) [best, least] = [dot, away]
  }
  return best
}

function drawAxis(context, {lines, place, width}) {
  const {reach, x, height} = place
  const bottom = lines.length * height
  const step = TICKS.find((each) => (2 * reach) / each <= (width < NARROW_PX ? 7 : 16)) ?? 5
  context.textAlign = "center"
  for (let z = -Math.floor(reach / step) * step; z <= reach; z += step) {
    context.strokeStyle = token(z === 0 ? "t3" : "grid")
    context.beginPath()
    context.moveTo(Math.round(x(z)) + 0.5, 0)
    context.lineTo(Math.round(x(z)) + 0.5, bottom)
    context.stroke()
    context.fillStyle = token("t2")
    context.fillText(z === 0 ? "0" : signed(z, 0), x(z), bottom + 16)
  }
}

function drawLine(context, {line, row, place, width}) {
  const {x, left, height} = place
  const top = row * height
  context.fillStyle = `${token("t3")}1c` // in line
  context.fillRect(x(-line.enterZ), top + 3, x(line.enterZ) - x(-line.enterZ), height - 6)
  context.strokeStyle = token("warn")
  context.setLineDash([3, 3])
  for (const z of [-line.enterZ, line.enterZ]) {
    context.beginPath()
    context.moveTo(x(z), top + 3)
    context.lineTo(x(z), top + height - 3)
    context.stroke()
  }
  context.setLineDash([])
  context.textAlign = "left"
  context.fillStyle = token("t2")
  if (line.name) context.fillText(line.name, 2, top + height / 2 - 2, left - 10)
  context.fillStyle = token(line.name ? "t3" : "t2")
  context.fillText(line.window, 2, top + height / 2 + (line.name ? 13 : 4), left - 10)
  context.strokeStyle = token("grid")
  context.strokeRect(-1, top + height - 0.5, width + 2, 0)
}

function drawDot(context, dot, isAt) {
  const colour = token(dot.crosses ? (dot.z < 0 ? "low" : "accent") : "t3")
  context.beginPath()
  context.arc(dot.x, dot.y, dot.crosses || isAt ? DOT_PX + 1 : DOT_PX - 0.5, 0, TAU)
  context.fillStyle = dot.crosses && !dot.confirmed ? token("panel") : colour
  context.fill()
  context.lineWidth = isAt ? 2 : 1.5
  context.strokeStyle = isAt ? token("t1") : colour
  if (dot.crosses || isAt) context.stroke()
  context.lineWidth = 1
  if (dot.isBeyond) {
    context.textAlign = dot.z > 0 ? "right" : "left"
    context.fillStyle = colour
    context.fillText(signed(dot.z, 1), dot.x + (dot.z > 0 ? -9 : 9), dot.y + 15)
  }
}

function drawNames(context, {dots, left}) {
  const taken = []
  context.textAlign = "center"
  for (const dot of dots.filter((each) => each.crosses).sort((a, b) => Math.abs(b.z) - Math.abs(a.z))) {
    const half = context.measureText(dot.symbol).width / 2 + 2
    const end = context.canvas.clientWidth - half - 2
    const x = Math.max(left + half, Math.min(dot.x, end))
    const free = [dot.y - 9, dot.y + 17].find((y) => !taken.some((each) => Math.abs(each.y - y) < 11 && Math.abs(each.x - x) < each.half + half))
    if (free === undefined) continue // it is named under the cursor, and in the table
    taken.push({x, y: free, half})
    context.fillStyle = token("t1")
    context.fillText(dot.symbol, x, free)
  }
}

/** Draw everything; returns where it lies. */
export function drawStrip(canvas, {lines, at}) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  const ratio = devicePixelRatio || 1
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext("2d")
  context.scale(ratio, ratio)
  context.font = "11px Roboto, sans-serif"
  const place = placed(lines, width)
  drawAxis(context, {lines, place, width})
  lines.forEach((line, row) => drawLine(context, {line, row, place, width}))
  for (const dot of place.dots.sort((a, b) => a.crosses - b.crosses)) drawDot(context, dot, at?.key === dot.key)
  drawNames(context, place)
  return place
}
